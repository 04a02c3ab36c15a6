/** Whether somebody typed this name: accents, capitals and spaces forgiven, as on a phone. */
export function isSameName(typed: string, name: string): boolean {
  const plain = (text: string) =>
    text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLocaleLowerCase().replaceAll(/[\s'’-]+/g, " ").trim();
  return typed.trim() !== "" && (typed.trim() === name.trim() || (plain(name) !== "" && plain(typed) === plain(name)));
}
