// Receives leaddistro's webhooks. Node 18 or newer, no packages. Keep it behind a proxy that speaks TLS.
//
// WEBHOOK_SECRETS="whsec_..." INBOX=inbox PORT=9000 node receive_webhook.mjs

import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { realpathSync } from "node:fs";
import { link, mkdir, open, unlink } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const TOLERANCE = 300; // seconds between the sender's clock and ours
const LARGEST_BODY = 1024 * 1024;

/** The request is not leaddistro's, not for this body, or too old. Do not look at its contents. */
export class NotGenuine extends Error {
  name = "NotGenuine";
}

/**
 * The Webhook-Id of a genuine request. Throws NotGenuine.
 *
 * `secrets` are those of the endpoint: one, or the old and the new one while you change them. `headers` have lower case
 * names, as Node gives them. `body` is the Buffer as it came: JSON that was read and written again has another
 * signature.
 */
export function verify(secrets, headers, body, now = Date.now() / 1000) {
  const id = headers["webhook-id"];
  const timestamp = headers["webhook-timestamp"];
  const signatures = headers["webhook-signature"];
  if (!id || !signatures || !/^\d+$/.test(timestamp ?? "")) throw new NotGenuine("a header is missing or malformed");
  if (Math.abs(now - Number(timestamp)) > TOLERANCE) throw new NotGenuine("the timestamp is too far from now");
  for (const secret of secrets) {
    const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
    const expected = `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64")}`;
    // During a rotation the header holds two signatures: one that fits is enough.
    if (signatures.split(" ").some((given) => equal(given, expected))) return id;
  }
  throw new NotGenuine("no signature fits");
}

function equal(given, expected) {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Every message once, a file `<Webhook-Id>.json` on disk before it is acknowledged. Your own work reads the folder. */
export class Inbox {
  constructor(folder) {
    this.folder = folder;
  }

  /** Whether the message is new. One that came before (a retry, a replay) is left as it is. */
  async keep(id, body) {
    await mkdir(this.folder, { recursive: true });
    const draft = join(this.folder, `.${randomUUID()}`);
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(body);
      await file.sync();
      await link(draft, join(this.folder, `${encodeURIComponent(id)}.json`)); // fails where the name is taken
      return true;
    } catch (error) {
      if (error.code === "EEXIST") return false;
      throw error;
    } finally {
      await file.close();
      await unlink(draft);
    }
  }
}

/** 204 for a genuine message, kept now or before; 401 for anything else; 500 (try again) where it cannot be kept. */
export function receiver(secrets, inbox) {
  return createServer(async (request, response) => {
    const answer = (status) => response.writeHead(status).end();
    try {
      const body = await readWhole(request);
      if (body === undefined) return answer(413);
      await inbox.keep(verify(secrets, request.headers, body), body);
      return answer(204);
    } catch (error) {
      return answer(error instanceof NotGenuine ? 401 : 500);
    }
  });
}

/** The body, or undefined where it is too large: the rest is read away, so that the sender hears our answer. */
async function readWhole(request) {
  const parts = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    if (length <= LARGEST_BODY) parts.push(part);
  }
  return length <= LARGEST_BODY ? Buffer.concat(parts) : undefined;
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  const secrets = process.env.WEBHOOK_SECRETS.split(/\s+/).filter(Boolean);
  receiver(secrets, new Inbox(process.env.INBOX)).listen(Number(process.env.PORT), "127.0.0.1");
}
