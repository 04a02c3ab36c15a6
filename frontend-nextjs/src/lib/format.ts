/** Times, sizes and dates as people of either language write them. */

export type Language = "fr" | "en";

/** `75.2` → `1:15`; `3675` → `1:01:15`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** `3675` → `1 h 01 min` (fr) or `1 h 1 min` (en); under a minute `42 s`. */
export function duration(seconds: number, language: Language): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}\u00a0s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes}\u00a0min`;
  const rest = minutes % 60;
  if (rest === 0) return `${Math.floor(minutes / 60)}\u00a0h`;
  return `${Math.floor(minutes / 60)}\u00a0h\u00a0${language === "fr" ? String(rest).padStart(2, "0") : rest}\u00a0min`;
}

const UNITS = { fr: ["o", "ko", "Mo", "Go", "To"], en: ["B", "kB", "MB", "GB", "TB"] };

/** Decimal units: `28311552` → `28,3 Mo`. */
export function bytes(size: number, language: Language): string {
  let value = size;
  let unit = 0;
  while (value >= 999.5 && unit < 4) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && value < 100 ? 1 : 0;
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
  return `${number}\u00a0${UNITS[language][unit]}`;
}

export function percent(share: number, language: Language): string {
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 }).format(share);
}

export function day(iso: string, language: Language): string {
  const date = iso.length === 10 ? new Date(`${iso}T12:00:00`) : new Date(iso);
  return new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year: "numeric" }).format(date);
}

export function dayAndTime(iso: string, language: Language): string {
  return new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" }).format(
    new Date(iso),
  );
}

/** `il y a 3 minutes`, `yesterday`; under a minute `à l’instant`, `just now`. */
export function ago(iso: string, language: Language, now: number = Date.now()): string {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [
    ["year", 31_536_000],
    ["month", 2_592_000],
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ];
  for (const [unit, length] of steps) {
    if (Math.abs(seconds) >= length) return format.format(Math.trunc(seconds / length), unit);
  }
  return language === "fr" ? "à l’instant" : "just now";
}
