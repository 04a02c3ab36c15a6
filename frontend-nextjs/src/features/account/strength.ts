/** How good a new password looks, while it is typed. The service has the last word (docs/accounts.md). */

export const MIN_LENGTH = 10;
export type Strength = "short" | "weak" | "fair" | "good";

const RUNS = ["0123456789", "9876543210", "abcdefghijklmnopqrstuvwxyz", "azertyuiopqsdfghjklmwxcvbn", "qwertyuiopasdfghjklzxcvbnm"];
const USUAL = /password|motdepasse|passwort|bonjour|soleil|welcome|iloveyou|letmein|administrateur|administrator/g;

export function strengthOf(password: string, username: string): Strength {
  if ([...password].length < MIN_LENGTH) return "short";
  const plain = password.toLowerCase();
  const rest = without(username.length > 2 ? plain.replaceAll(username.toLowerCase(), "") : plain);
  const distinct = new Set(rest).size;
  if (rest.length < 6 || distinct < 5) return "weak";
  const words = password.split(/[\s._-]+/).filter((word) => word.length > 1).length;
  return rest.length >= 16 || (words >= 3 && distinct >= 8) ? "good" : "fair";
}

/** What is left when what anybody would try first is taken out. */
function without(password: string): string {
  let rest = password.replace(USUAL, "");
  for (const run of RUNS) {
    for (let start = 0; start + 4 <= run.length; start += 1) {
      let end = start + 4;
      if (!rest.includes(run.slice(start, end))) continue;
      while (end < run.length && rest.includes(run.slice(start, end + 1))) end += 1;
      rest = rest.replaceAll(run.slice(start, end), "");
    }
  }
  return rest;
}
