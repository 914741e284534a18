// Posts a lead to leaddistro exactly once. Node 18 or newer, no packages.
//
// LEADDISTRO_URL=https://leads.example.com LEADDISTRO_KEY=ldk_live_... node post_lead.mjs form-8412 < lead.json

import { readFileSync, realpathSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const FIRST_WAIT = 1; // seconds
const LONGEST_WAIT = 32;

/** The lead was refused; sending it again changes nothing. `problem` says why, field by field. */
export class Refused extends Error {
  constructor(problem) {
    super(problem.detail);
    this.name = "Refused";
    this.problem = problem;
  }
}

/** Nobody answered in all tries. The lead may be recorded: post it later with the same Idempotency-Key. */
export class NoAnswer extends Error {
  name = "NoAnswer";
}

/**
 * The answer to this lead. Throws Refused or NoAnswer.
 *
 * `idempotencyKey` is one for each lead, kept with the lead before the first try: whoever repeats the post, after a
 * crash too, uses it again.
 */
export async function postLead(lead, { url, key, idempotencyKey, tries = 8, sleep = wait, dice = Math.random }) {
  for (let number = 0; number < tries; number += 1) {
    const { status, asked, body } = await ask(lead, { url, key, idempotencyKey });
    if (status >= 200 && status < 300) return body;
    if (!mayRepeat(status, asked)) throw new Refused(body);
    if (number < tries - 1) {
      // A random time up to 1, 2, 4 ... at most 32 s, after what the server asked for.
      await sleep(seconds(asked) + dice() * Math.min(FIRST_WAIT * 2 ** number, LONGEST_WAIT));
    }
  }
  throw new NoAnswer(`${tries} tries`);
}

/** One try: status, Retry-After and answer. Status 0: no answer or half of one, and the lead may be recorded. */
async function ask(lead, { url, key, idempotencyKey }) {
  try {
    const response = await fetch(`${url}/v1/leads`, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${key}`,
        "Content-Type": "application/json",
        "Idempotency-Key": idempotencyKey,
      },
      body: JSON.stringify(lead),
      signal: AbortSignal.timeout(40_000),
    });
    const body = read(await response.text());
    return { status: response.status, asked: response.headers.get("retry-after"), body };
  } catch {
    return { status: 0, asked: null, body: null };
  }
}

/** Whether the same request may succeed later: no answer, too many requests, our fault, 409 that says when. */
function mayRepeat(status, asked) {
  return status === 0 || status === 429 || status >= 500 || (status === 409 && asked !== null);
}

/** The JSON in the body; of what is none (a proxy's page), its first line. */
function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { detail: text.slice(0, 200) };
  }
}

/** What Retry-After asks for; leaddistro always says it in whole seconds. */
function seconds(asked) {
  return /^\d+$/.test(asked ?? "") ? Number(asked) : 0;
}

const wait = (seconds) => pause(seconds * 1000);

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  const answer = await postLead(JSON.parse(readFileSync(0, "utf8")), {
    url: process.env.LEADDISTRO_URL,
    key: process.env.LEADDISTRO_KEY,
    idempotencyKey: process.argv[2],
  });
  console.log(JSON.stringify(answer, null, 2));
}
