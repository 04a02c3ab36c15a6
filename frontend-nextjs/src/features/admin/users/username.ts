/** As the service takes them: `LoginIn` and `UserIn` of the API. */
export function isUsername(text: string): boolean {
  return /^[A-Za-z0-9._@-]{2,64}$/.test(text);
}
