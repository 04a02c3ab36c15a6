/** Where to go after signing in. Only places of this site: an address that somebody else made may name any. */

const NOT_THERE = ["/sign-in", "/welcome", "/api/"];

/** `ownPath("?to=/search%3Fq%3Dbudget", origin)` → `/search?q=budget`; `ownPath("?to=//evil.example", origin)` → `/`. */
export function ownPath(search: string, origin: string): string {
  const to = new URLSearchParams(search).get("to");
  if (!to?.startsWith("/")) return "/";
  if (!URL.canParse(to, origin)) return "/";
  const url = new URL(to, origin);
  if (url.origin !== new URL(origin).origin || NOT_THERE.some((place) => url.pathname.startsWith(place))) return "/";
  const path = url.pathname + url.search + url.hash;
  return path.startsWith("//") ? "/" : path;
}
