/** The link that a newcomer gets: `/welcome#<one-time password>` for the first administrator, `/welcome?user=claire#...`
 * for everybody else. The password stands behind the `#`: no server and no log ever sees it. */

export const FIRST_ADMINISTRATOR = "admin";

export interface Invitation {
  username: string;
  oneTimePassword: string;
}

export function invitationLink({ username, oneTimePassword }: Invitation, origin: string): string {
  const who = username === FIRST_ADMINISTRATOR ? "" : `?user=${encodeURIComponent(username)}`;
  return `${origin}/welcome${who}#${encodeURIComponent(oneTimePassword)}`;
}

export function readInvitation(search: string, hash: string): Invitation {
  const user = new URLSearchParams(search).get("user") ?? "";
  const oneTimePassword = decoded(hash.replace(/^#/, ""));
  const username = user || (oneTimePassword ? FIRST_ADMINISTRATOR : "");
  return { username: username.slice(0, 64), oneTimePassword: oneTimePassword.slice(0, 200) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone % is a character like any other
  }
}

/** From the sign-in page to the welcome page, in memory only: the password was typed a moment ago. */
let typed: Invitation | null = null;

export function handOver(invitation: Invitation | null): void {
  typed = invitation;
}

export function takeOver(): Invitation | null {
  return typed;
}
