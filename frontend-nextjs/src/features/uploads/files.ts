/** What can be said of a file before it is sent: whether it may be a recording, what it is called, of which day it is. */
import type { Wishes } from "./model";

export type FileProblem = "empty" | "too-large" | "text" | "pdf" | "archive" | "document" | "image" | "unreadable";

const HEAD_BYTES = 4096;
const DOCUMENTS = /\.(docx?|xlsx?|pptx?|od[tsp]|pages|numbers|key|epub)$/i;

/** What is surely no recording; everything else is for the service to judge. `head`: the first bytes of the file. */
export function problemOf(name: string, sizeBytes: number, head: Uint8Array, largestBytes: number | null): FileProblem | null {
  if (sizeBytes === 0) return "empty";
  if (largestBytes !== null && sizeBytes > largestBytes) return "too-large";
  const begins = (...bytes: number[]) => bytes.every((byte, place) => head[place] === byte);
  if (begins(0x25, 0x50, 0x44, 0x46)) return "pdf";
  if (begins(0x50, 0x4b, 0x03, 0x04) || begins(0xd0, 0xcf, 0x11, 0xe0)) return DOCUMENTS.test(name) || begins(0xd0) ? "document" : "archive";
  if (begins(0x1f, 0x8b) || begins(0x37, 0x7a, 0xbc, 0xaf) || begins(0x52, 0x61, 0x72, 0x21)) return "archive";
  if (begins(0x89, 0x50, 0x4e, 0x47) || begins(0xff, 0xd8, 0xff) || begins(0x47, 0x49, 0x46, 0x38)) return "image";
  return isText(head) ? "text" : null;
}

function isText(head: Uint8Array): boolean {
  if (head.length === 0) return false;
  const strange = head.reduce((count, byte) => count + (byte < 9 || (byte > 13 && byte < 32 && byte !== 27) || byte === 127 ? 1 : 0), 0);
  if (strange > 0) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Reads the beginning. A folder that was dropped, or a file that is gone, cannot be read. */
export async function checkFile(file: File, largestBytes: number | null): Promise<FileProblem | null> {
  try {
    const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
    return problemOf(file.name, file.size, head, largestBytes);
  } catch {
    return "unreadable";
  }
}

/** `2026-11-21_comite_de_rentree.m4a` → `2026-11-21 comite de rentree`. */
export function titleOf(fileName: string): string {
  const stem = fileName.replace(/\.[0-9A-Za-z]{1,5}$/, "");
  return stem.replace(/_+/g, " ").replace(/\s+/g, " ").trim() || fileName;
}

/** The day that the name tells (`2026-11-21`, `20261121`, `21-11-2026`), or that of the last change to the file. */
export function dayOfFile(fileName: string, lastModifiedMs: number, nowMs: number): string | undefined {
  const forward = fileName.match(/(?<!\d)(20\d{2})[-_. ]?(\d{2})[-_. ]?(\d{2})(?!\d)/);
  const backward = fileName.match(/(?<!\d)(\d{2})[-_. ](\d{2})[-_. ](20\d{2})(?!\d)/);
  const told = forward ? dayFrom(forward[1], forward[2], forward[3]) : backward ? dayFrom(backward[3], backward[2], backward[1]) : undefined;
  if (told && told <= localDay(nowMs)) return told;
  return lastModifiedMs > Date.UTC(2000, 0) && lastModifiedMs <= nowMs + 60_000 ? localDay(lastModifiedMs) : undefined;
}

function dayFrom(year = "", month = "", dayOfMonth = ""): string | undefined {
  const text = `${year}-${month}-${dayOfMonth}`;
  const date = new Date(`${text}T12:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text) ? text : undefined;
}

function localDay(ms: number): string {
  const date = new Date(ms);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** As the service's tus metadata calls it; empty ones are left out. */
export function metadataOf(fileName: string, mediaType: string, wishes: Wishes): Record<string, string> {
  const fields: Record<string, string | undefined> = {
    filename: fileName,
    filetype: mediaType,
    title: wishes.title?.trim(),
    held_on: wishes.heldOn,
    tags: wishes.tags?.join(","),
    language: wishes.language,
    speakers: wishes.speakers ? String(wishes.speakers) : undefined,
    vocabulary: wishes.vocabulary?.trim(),
    duplicate: wishes.isDuplicateWelcome ? "process" : undefined,
  };
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, string] => Boolean(entry[1])));
}

/** As tags are written: separated by commas; each once, whatever its capitals. */
export function tagsIn(text: string): string[] {
  const tags = new Map<string, string>();
  for (const part of text.split(/[,;\n]/)) {
    const tag = part.trim().replace(/\s+/g, " ").slice(0, 50);
    if (tag && !tags.has(tag.toLocaleLowerCase())) tags.set(tag.toLocaleLowerCase(), tag);
  }
  return [...tags.values()];
}
