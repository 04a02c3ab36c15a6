/** What differs between two texts, word by word: longest common subsequence of words, with their spaces. */

export interface Piece {
  kind: "same" | "gone" | "new";
  text: string;
}

/** Beyond this many comparisons two texts are shown as replaced as a whole: nobody reads such a difference. */
const MAX_CELLS = 4_000_000;

export function diffWords(before: string, after: string): Piece[] {
  const [old, now] = [words(before), words(after)];
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
  const pieces: Piece[] = old.slice(0, head).map((text) => ({ kind: "same", text }));
  pieces.push(...middle(old.slice(head, old.length - tail), now.slice(head, now.length - tail)));
  pieces.push(...old.slice(old.length - tail).map((text): Piece => ({ kind: "same", text })));
  return joined(pieces);
}

function words(text: string): string[] {
  return text.split(/[ \t\r\n]+/).filter(Boolean);
}

function middle(old: string[], now: string[]): Piece[] {
  const gone = (text: string): Piece => ({ kind: "gone", text });
  const fresh = (text: string): Piece => ({ kind: "new", text });
  if (old.length * now.length > MAX_CELLS) return [...old.map(gone), ...now.map(fresh)];
  const width = now.length + 1;
  const lengths = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] =
        old[i] === now[j]
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
    }
  }
  const pieces: Piece[] = [];
  let [i, j] = [0, 0];
  while (i < old.length && j < now.length) {
    if (old[i] === now[j]) {
      pieces.push({ kind: "same", text: old[i]! });
      i += 1;
      j += 1;
    } else if (lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!) {
      pieces.push(gone(old[i]!));
      i += 1;
    } else {
      pieces.push(fresh(now[j]!));
      j += 1;
    }
  }
  return [...pieces, ...old.slice(i).map(gone), ...now.slice(j).map(fresh)];
}

/** Neighbours of one kind as one piece; between two changes, what goes stands before what comes. */
function joined(pieces: Piece[]): Piece[] {
  const runs: Piece[] = [];
  for (const piece of pieces) {
    const last = runs.at(-1);
    const beforeLast = runs.at(-2);
    if (last?.kind === piece.kind) last.text += ` ${piece.text}`;
    else if (piece.kind === "gone" && last?.kind === "new" && beforeLast?.kind === "gone") beforeLast.text += ` ${piece.text}`;
    else runs.push({ ...piece });
  }
  return runs;
}
