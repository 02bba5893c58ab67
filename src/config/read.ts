// A configuration file (YAML or JSON) becomes a `Config`; every fault is one line with its place and cure.
// Imported dynamically: YAML and Zod cost start-up 60 ms.

import { open } from 'node:fs/promises';
import { UserError } from '../util/error.js';
import { quote } from '../util/quote.js';
import { checkUplinks } from './check.js';
import type { Config, UplinkConfig } from './config.js';
import { readDocument } from './document.js';
import { explainIssue, nameOf } from './explain.js';
import { type ConfigInput, configSchema, knownKeys } from './schema.js';

export { configJsonSchema } from './schema.js';

/** A thousand uplinks fit; a capture given by mistake doesn't. */
const LARGEST_FILE = 256 * 1024;

/** Reads and checks the file. `source` is its name in messages. Throws `UserError` (exit 2). */
export async function loadConfig(path: string, source = path): Promise<Config> {
  return readConfig(await readText(path, source), source);
}

/** The same for text at hand. */
export function readConfig(text: string, source: string): Config {
  const document = readDocument(text, source);
  if (document.data === null) throw new UserError(`configuration is empty: list its uplinks (${source})`);
  const result = configSchema.safeParse(document.data, { reportInput: true });
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new UserError(explainIssue(issue, document, knownKeys));
  }
  const config = toConfig(result.data, source);
  const fault = checkUplinks(config.uplinks);
  if (fault === null) return config;
  const written = fault.path.length > 2 ? `: ${document.written(fault.path)}` : '';
  throw new UserError(`${nameOf(fault.path)} ${fault.message}${written} (${document.placeOf(fault.path)})`);
}

function toConfig({ uplinks, lan, router, rules }: ConfigInput, source: string): Config {
  return {
    source,
    uplinks: uplinks.map(
      (uplink): UplinkConfig => ({
        name: uplink.name,
        interface: uplink.interface ?? null,
        gateway: uplink.gateway ?? null,
        ...(uplink.gateway6 == null ? {} : { gateway6: uplink.gateway6 }),
        gatewayMac: uplink.gatewayMac ?? null,
        vlan: uplink.vlan ?? null,
        snat: uplink.snat ?? [],
        weight: uplink.weight ?? null,
        capacity: uplink.capacity ?? null,
        mark: uplink.mark ?? null,
      }),
    ),
    lan: lan ?? [],
    router: {
      hashPolicy: router?.hashPolicy ?? null,
      hashPolicy6: router?.hashPolicy6 ?? null,
      keepaliveSec: router?.keepalive ?? null,
      macs: router?.macs ?? [],
    },
    ...(rules == null ? {} : { rules }),
  };
}

async function readText(path: string, source: string): Promise<string> {
  const bytes = await readBytes(path, source);
  if (bytes.length > LARGEST_FILE) {
    throw new UserError(`configuration is larger than ${LARGEST_FILE / 1024} KiB: ${quote(source)} (is it a capture?)`);
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    // not UTF-8: told below
  }
  throw new UserError(`configuration is not text in UTF-8: ${quote(source)} (is it a capture?)`);
}

/** At most one byte more than is allowed: the path may be a device without end. */
async function readBytes(path: string, source: string): Promise<Uint8Array> {
  try {
    const file = await open(path, 'r');
    try {
      const buffer = Buffer.alloc(LARGEST_FILE + 1);
      let length = 0;
      while (length < buffer.length) {
        const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return buffer.subarray(0, length);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new UserError(`can't read the configuration ${quote(source)}: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'no such file; name one by -c, or leave -c out';
  if (code === 'EISDIR') return 'is a folder; name the file in it';
  if (code === 'EACCES') return 'permission denied';
  return code ?? String(error);
}
