import { describe, expect, it } from "vitest";
import { line } from "../testLines";
import { doubtfulLines, lineAt, neighbour, progress } from "./walk";

const segments = [0, 1, 2, 3, 4].map((i) => ({ ...line(i, i * 10, i * 10 + 5), num_doubtful: i % 2 }));
const doubtful = doubtfulLines(segments);

describe("the walk through doubtful lines", () => {
  it("goes only through those", () => {
    expect(doubtful.map((segment) => segment.index)).toEqual([1, 3]);
  });
  it("begins where one listens, else at the first", () => {
    expect(lineAt(doubtful, 15)?.index).toBe(3);
    expect(lineAt(doubtful, 99)?.index).toBe(1);
    expect(lineAt([], 0)).toBeNull();
  });
  it("knows both neighbours, also of a line that was settled meanwhile", () => {
    expect(neighbour(doubtful, doubtful[0]!, 1)?.index).toBe(3);
    expect(neighbour(doubtful, doubtful[0]!, -1)).toBeNull();
    expect(neighbour(doubtful, doubtful[1]!, 1)).toBeNull();
    expect(neighbour(doubtful.slice(1), segments[1]!, 1)?.index).toBe(3);
    expect(neighbour(doubtful, segments[4]!, -1)?.index).toBe(3);
  });
  it("counts what is settled as done", () => {
    expect(progress(doubtful, doubtful[0]!, 2)).toEqual({ number: 1, total: 2 });
    expect(progress(doubtful.slice(1), doubtful[1]!, 2)).toEqual({ number: 2, total: 2 });
  });
});
