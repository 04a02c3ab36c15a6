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

interface Past {
  id: string;
  author: Author | null;
  created_at: string;
  start_s: number;
  end_s: number;
  undone_at: string | null;
  undone_by: Author | null;
}

/** Who made a stretch what it is. By the edit that stands there, else whoever did something there last: a line that was
 * removed, or one whose edit was taken back, names none. `isAll`: nothing newer is on its way. */
export function whoChanged(edits: readonly Past[], { start, end }: { start: number; end: number }, standing: string | null, isAll: boolean): Author | null {
  const named = edits.find((edit) => edit.id === standing);
  if (named || !isAll) return named?.author ?? null;
  const when = (edit: Past) => edit.undone_at ?? edit.created_at;
  const last = edits.filter((edit) => edit.start_s < end && edit.end_s > start).toSorted((one, other) => when(other).localeCompare(when(one)))[0];
  return (last?.undone_at ? last.undone_by : last?.author) ?? null;
}
