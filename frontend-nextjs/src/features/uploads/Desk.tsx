"use client";
/** Where uploads are looked after: what is dropped, what is on the way, what another visit left. Loaded a moment after the
 * page, or when somebody wants it. */
import { useQueryClient } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { useMe } from "@/lib/api/me";
import { largestUpload } from "@/lib/api/uploads";
import { keys } from "@/lib/query";
import type { UploadsContext } from ".";
import { DropTarget } from "./DropTarget";
import { checkFile, dayOfFile, titleOf } from "./files";
import { isOpen, type Item, type Wishes } from "./model";
import { theQueue, type UploadQueue } from "./queue";
import { theTape } from "./recorder/tape";
import { useTape } from "./recorder/useTape";
import type { RecordingRecord } from "./shelf";

const NewMeetingDialog = dynamic(() => import("./NewMeetingDialog").then((module) => module.NewMeetingDialog));
const RecorderDialog = dynamic(() => import("./recorder/RecorderDialog").then((module) => module.RecorderDialog));
const UploadsPanel = dynamic(() => import("./UploadsPanel").then((module) => module.UploadsPanel));

const NONE: readonly Item[] = [];

/** Takes files that are dropped anywhere, keeps uploads going while pages change, takes them up again after a reload. */
export function Desk({ onReady }: { onReady: (uploads: UploadsContext) => void }) {
  const uploads = theQueue();
  const client = useQueryClient();
  const me = useMe();
  const userId = me.data?.user.id ?? null;
  const items = useSyncExternalStore(uploads.subscribe, uploads.snapshot, () => NONE);
  const tape = useTape(userId);
  const [chosen, setChosen] = useState<File[] | null>(null);
  const [isRecorderOpen, setRecorderOpen] = useState(false);

  useEffect(() => {
    uploads.setUser(userId, {
      onSignedOut: () => void client.invalidateQueries({ queryKey: keys.me }),
      onArrived: () => void client.invalidateQueries({ queryKey: keys.meetings }),
      onRecordingArrived: (id) => void theTape().discard(id),
    });
    return () => uploads.setUser(null);
  }, [uploads, userId, client]);

  const isRecording = tape.phase.kind === "running" || tape.phase.kind === "paused";
  const isRecordingBehind = isRecording && !isRecorderOpen;
  const onTheWay = new Set(items.map((item) => item.recordingId));
  const recovered = tape.recovered.filter((record) => !onTheWay.has(record.id));
  const isBusy = items.some(isOpen) || isRecording || tape.phase.kind === "stopped";
  useConnection(uploads);
  useLeaveWarning(isBusy);

  const add = useCallback(
    async (files: File[], wishes: Wishes = {}) => {
      const largest = await largestUpload();
      for (const file of files) {
        const problem = await checkFile(file, largest);
        if (problem) uploads.reject(file.name, file.size, problem);
        else uploads.add(file, { title: titleOf(file.name), heldOn: dayOfFile(file.name, file.lastModified, Date.now()), ...wishes });
      }
    },
    [uploads],
  );
  const value = useMemo(() => {
    const addRecording = (file: File, wishes: Wishes, record: RecordingRecord) => {
      uploads.add(file, { heldOn: dayOfFile("", record.startedAtMs, Date.now()), ...wishes }, record.id);
      theTape().handOver(record);
    };
    return { openNew: (files: File[] = []) => setChosen(files), record: () => setRecorderOpen(true), add, addRecording };
  }, [add, uploads]);
  const closeRecorder = useCallback(() => setRecorderOpen(false), []);
  useEffect(() => onReady(value), [onReady, value]);
  return (
    <>
      <DropTarget onDrop={add} onDropWithDetails={(files) => setChosen((before) => [...(before ?? []), ...files])} isDialogOpen={chosen !== null} />
      {chosen && <NewMeetingDialog files={chosen} onFiles={setChosen} onClose={() => setChosen(null)} />}
      {(items.length > 0 || isRecordingBehind || recovered.length > 0) && (
        <UploadsPanel queue={uploads} items={items} recovered={recovered} isRecordingBehind={isRecordingBehind} onRecorder={value.record} />
      )}
      {isRecorderOpen && <RecorderDialog onClose={closeRecorder} />}
    </>
  );
}

function useConnection(uploads: UploadQueue): void {
  useEffect(() => {
    const back = () => uploads.goOn();
    const lost = () => uploads.lost();
    window.addEventListener("online", back);
    window.addEventListener("offline", lost);
    return () => {
      window.removeEventListener("online", back);
      window.removeEventListener("offline", lost);
    };
  }, [uploads]);
}

function useLeaveWarning(isBusy: boolean): void {
  useEffect(() => {
    if (!isBusy) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [isBusy]);
}
