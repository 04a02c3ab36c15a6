/** What people who change a transcript are called. */

interface Author {
  id: string;
  username: string;
  display_name: string;
}

export function nameOfAuthor(author: Author | null): string | null {
  return author && (author.display_name || author.username);
}

/** Of the latest of these edits. They come from an answer's problem, hence as they are. */
export function latestAuthor(edits: readonly unknown[]): Author | null {
  return edits.map((edit) => (edit as { author?: Author | null }).author ?? null).find((author) => author !== null) ?? null;
}

export function authorOf(edits: readonly unknown[]): string | null {
  return nameOfAuthor(latestAuthor(edits));
}
