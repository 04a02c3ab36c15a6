import { QueryClient } from "@tanstack/react-query";
import { beforeEach, describe, expect, it } from "vitest";
import { take } from "./live";
import { keys } from "./query";

const ID = "0199";
let client: QueryClient;

/** What is cached of a key that has an observer's data: whether it must be asked for again. */
function isStale(key: readonly unknown[]): boolean {
  return client.getQueryState(key)?.isInvalidated ?? false;
}

const told = (kind: string, payload: Record<string, unknown> = {}) => take(client, { id: 1, kind, meeting_id: ID, payload });

beforeEach(() => {
  client = new QueryClient();
  client.setQueryData(keys.meeting(ID), { id: ID, title: "Conseil", status: "PROCESSING", stage: "convert", percent: 3, stage_percent: 90 });
  client.setQueryData([...keys.meetings, {}], { pages: [{ items: [{ id: "other", percent: 0 }, { id: ID, percent: 3, status: "PROCESSING" }], next: null }], pageParams: [undefined] });
  for (const key of [keys.transcript(ID), keys.speakers(ID), keys.edits(ID), keys.waveform(ID), keys.search, keys.transcript("other")]) client.setQueryData(key, {});
});

const listed = () => client.getQueryData<{ pages: { items: Record<string, unknown>[] }[] }>([...keys.meetings, {}])?.pages[0]?.items;

describe("progress", () => {
  const payload = { stage: "diarize", stage_percent: 12.5, percent: 7.5, eta_s: 31 };
  it("is laid into the meeting and the lists, nothing is asked again", () => {
    told("meeting.progress", payload);
    expect(client.getQueryData(keys.meeting(ID))).toMatchObject({ title: "Conseil", stage: "diarize", stage_percent: 12.5, percent: 7.5, estimate: { remaining_s: 31, is_rough: false } });
    expect(listed()?.[1]).toMatchObject({ stage: "diarize", percent: 7.5, remaining_s: 31 });
    expect(listed()?.[1]).not.toHaveProperty("estimate");
    expect(isStale(keys.meeting(ID))).toBe(false);
  });
  it("leaves other meetings alone", () => {
    told("meeting.progress", payload);
    expect(listed()?.[0]).toEqual({ id: "other", percent: 0 });
  });
  it("of a meeting that nobody looked at invents none", () => {
    take(client, { id: 2, kind: "meeting.progress", meeting_id: "stranger", payload });
    expect(client.getQueryData(keys.meeting("stranger"))).toBeUndefined();
    expect(listed()).toHaveLength(2);
  });
  it("takes nothing that is not of its kind", () => {
    told("meeting.progress", { percent: "99", stage: 4 });
    expect(client.getQueryData(keys.meeting(ID))).toMatchObject({ percent: 3, stage: "convert" });
  });
});

describe("what else is told", () => {
  it("a status is shown at once and everything about it asked again", () => {
    told("meeting.status", { status: "FAILED" });
    expect(client.getQueryData(keys.meeting(ID))).toMatchObject({ status: "FAILED" });
    expect([keys.meeting(ID), [...keys.meetings, {}]].map(isStale)).toEqual([true, true]);
    expect(isStale(keys.transcript(ID))).toBe(false);
  });
  it("a finished run has a new transcript, speakers, outline, and can be found", () => {
    told("meeting.status", { status: "COMPLETED" });
    expect([keys.transcript(ID), keys.speakers(ID), keys.waveform(ID), keys.search].map(isStale)).toEqual([true, true, true, true]);
    expect(isStale(keys.transcript("other"))).toBe(false);
  });
  it("new names concern transcript, speakers, edits and search", () => {
    told("meeting.speakers", { labels: ["SPEAKER_00"] });
    expect([keys.transcript(ID), keys.speakers(ID), keys.edits(ID), keys.search].map(isStale)).toEqual([true, true, true, true]);
  });
  it("what is deleted is forgotten", () => {
    told("meeting.deleted");
    expect(client.getQueryData(keys.meeting(ID))).toBeUndefined();
    expect(isStale([...keys.meetings, {}])).toBe(true);
  });
  it("after a gap everything is asked again", () => {
    told("stream.reset");
    expect([keys.meeting(ID), keys.transcript("other"), keys.search].map(isStale)).toEqual([true, true, true]);
  });
});
