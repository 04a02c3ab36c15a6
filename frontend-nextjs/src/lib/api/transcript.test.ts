import { QueryClient } from "@tanstack/react-query";
import { describe, expect, it } from "vitest";
import { line } from "@/features/meeting/testLines";
import { keys } from "@/lib/query";
import { applyChange, type Transcript } from "./transcript";

function cached(version: number): QueryClient {
  const client = new QueryClient();
  const segments = [line(0, 0, 1), line(1, 1, 2)];
  client.setQueryData(keys.transcript("m"), { version, run: 1, segments, num_segments: 2 } as Partial<Transcript>);
  return client;
}
const change = { from_index: 0, num_removed: 1, segments: [line(0, 0, 0.5), line(1, 0.5, 1)] };
const known = (client: QueryClient) => client.getQueryData<Transcript>(keys.transcript("m"));

describe("an edit's answer", () => {
  it("is laid over the lines it was made on, with their new version", () => {
    const client = cached(4);
    applyChange(client, "m", change, 5);
    expect(known(client)).toMatchObject({ version: 5, num_segments: 3 });
    expect(client.getQueryState(keys.transcript("m"))?.isInvalidated).toBe(false);
  });
  it("is not laid twice", () => {
    const client = cached(5);
    applyChange(client, "m", change, 5);
    expect(known(client)?.num_segments).toBe(2);
  });
  it("has the transcript read again where somebody else came in between", () => {
    const client = cached(4);
    applyChange(client, "m", change, 6);
    expect(known(client)).toMatchObject({ version: 4, num_segments: 2 });
    expect(client.getQueryState(keys.transcript("m"))?.isInvalidated).toBe(true);
  });
});
