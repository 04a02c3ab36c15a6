/** A segment as somebody would quote it in a mail or a note. */
import { escapeHtml, type Copied } from "@/lib/clipboard";
import { clock, type Language } from "@/lib/format";
import { momentAddress } from "@/lib/moment";

export interface Quoted {
  text: string;
  /** As it is shown: a name, or "Intervenant 2". */
  speaker: string;
  start_s: number;
  title: string;
  /** Without a path: `https://scribe.example.org`. */
  origin: string;
  meetingId: string;
  language: Language;
}

const NARROW = "\u202f";

export function quoteOf({ text, speaker, start_s, title, origin, meetingId, language }: Quoted): Copied {
  const said = language === "fr" ? `«${NARROW}${text.trim()}${NARROW}»` : `“${text.trim()}”`;
  const address = `${origin}${momentAddress(meetingId, start_s)}`;
  const time = clock(start_s);
  return {
    text: `${said} — ${speaker}, ${title}, ${time}\n${address}`,
    html: `<p>${escapeHtml(said)} — ${escapeHtml(speaker)}, ${escapeHtml(title)}, <a href="${escapeHtml(address)}">${time}</a></p>`,
  };
}
