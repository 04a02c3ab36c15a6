"use client";
import { MessageSquareDashed } from "lucide-react";
import dynamic from "next/dynamic";
import { useSearchParams } from "next/navigation";
import { useTranslations } from "next-intl";
import { useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/Button";
import { EmptyState } from "@/components/ui/EmptyState";
import { Notice } from "@/components/ui/Notice";
import { LostCorrections } from "@/features/corrections";
import { useErrorText } from "@/features/shell/useErrorText";
import { isUnderWay, type Meeting } from "@/lib/api/meetings";
import { useWaveform } from "@/lib/api/recordings";
import { useTranscript } from "@/lib/api/transcript";
import { useFind } from "../find/useFind";
import { Dock } from "../player/Dock";
import { useAudio } from "../player";
import { useReview } from "../review/useReview";
import { silences, type Segment } from "../segments";
import { TranscriptView, type TranscriptHandle } from "../transcript/TranscriptView";
import { LoadingLines } from "./LoadingMeeting";
import { MeetingHeader } from "./MeetingHeader";
import { Toolbar } from "./Toolbar";
import { useAfterReading } from "./useAfterReading";
import { useKeys } from "./useKeys";

/** Most meetings are done: what shows how they run is fetched for the others. */
const RunningMeeting = dynamic(() => import("@/features/running/RunningMeeting").then((found) => found.RunningMeeting), { ssr: false });
const Side = dynamic(() => import("./Side").then((found) => found.Side), { ssr: false });
const RemovedRecording = dynamic(() => import("./RemovedRecording").then((found) => found.RemovedRecording), { ssr: false });
const KeysDialog = dynamic(() => import("./KeysDialog"), { ssr: false });

export function MeetingBody({ meeting }: { meeting: Meeting }) {
  const t = useTranslations("meeting");
  const read = useTranscript(meeting.id, meeting.has_results);
  const { transcript, segments, needWords } = read;
  const waveform = useWaveform(meeting.id, { isLookedAt: meeting.has_recording && meeting.duration_s !== null, isUnderWay: isUnderWay(meeting) });
  const handle = useRef<TranscriptHandle>(null);
  const find = useFind(segments, handle);
  const review = useReview(segments, handle);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const [isSideOpen, setSideOpen] = useState(false);
  const isAfter = useAfterReading(!meeting.has_results || transcript !== null || read.isError);
  useKeys({ find, review, transcript: handle, onHelp: () => setHelpOpen(true) });
  useEarlyLoading(transcript !== null);
  useSilences(segments, meeting.duration_s ?? 0);
  useAddress(transcript !== null, find.open);

  return (
    <>
      <div className="mx-auto w-full max-w-[73rem] px-4 pb-12 sm:px-6">
        <MeetingHeader meeting={meeting} isAfterReading={isAfter} />
        <div className="has-[>:not(.sr-only)]:mb-8">
          <Run meeting={meeting} />
          {!meeting.has_recording && <RemovedRecording meeting={meeting} />}
        </div>
        {meeting.has_results && (
          <div className="grid gap-x-16 lg:grid-cols-[minmax(0,1fr)_18rem]">
            <div className="mx-auto w-full max-w-[46rem] min-w-0 lg:mx-0">
              {segments.length > 0 && <Toolbar find={find} review={review} isSideOpen={isSideOpen} onSide={() => setSideOpen((is) => !is)} />}
              <LostCorrections />
              <h2 className="sr-only">{t("transcript")}</h2>
              <TranscriptState read={read} />
              {segments.length > 0 && (
                <TranscriptView ref={handle} meetingId={meeting.id} segments={segments} needWords={needWords} matches={find.byIndex} current={find.current} />
              )}
            </div>
            {isAfter && segments.length > 0 && <Side meetingId={meeting.id} segments={segments} isOpen={isSideOpen} onClose={() => setSideOpen(false)} />}
          </div>
        )}
      </div>
      {meeting.has_recording && (meeting.has_results || waveform.data) && <Dock peaks={waveform.data ?? null} segments={segments} onHelp={() => setHelpOpen(true)} />}
      {isHelpOpen && <KeysDialog isOpen onClose={() => setHelpOpen(false)} />}
    </>
  );
}

/** Stays once it was there: it tells the end of the run. */
function Run({ meeting }: { meeting: Meeting }) {
  const isTold = meeting.status !== "COMPLETED" || meeting.warnings.length > 0;
  const [isThere, setThere] = useState(isTold);
  if (isTold && !isThere) setThere(true);
  return isThere ? <RunningMeeting meeting={meeting} /> : null;
}

/** Loading, failed, or nobody spoke. */
function TranscriptState({ read }: { read: ReturnType<typeof useTranscript> }) {
  const t = useTranslations("meeting");
  const common = useTranslations("common");
  const errorText = useErrorText();
  if (read.isError && !read.transcript) {
    return (
      <Notice tone="danger" title={t("unread")} actions={<Button size="sm" onClick={() => void read.refetch()}>{common("retry")}</Button>}>
        {errorText(read.error)}
      </Notice>
    );
  }
  if (!read.transcript) return <LoadingLines />;
  if (read.segments.length > 0) return null;
  return (
    <EmptyState icon={<MessageSquareDashed />} title={t("silent")}>
      {t("silentBody")}
    </EmptyState>
  );
}

/** What the first keys and clicks need is there before them; the page does not wait for it. */
function useEarlyLoading(isReady: boolean): void {
  useEffect(() => {
    if (!isReady) return;
    const timer = setTimeout(() => {
      void import("@/features/corrections/TextEditor");
      void import("../find/FindBar");
    }, 1000);
    return () => clearTimeout(timer);
  }, [isReady]);
}

function useSilences(segments: readonly Segment[], duration_s: number): void {
  const player = useAudio();
  useEffect(() => {
    player.setSilences(silences(segments, duration_s));
  }, [player, segments, duration_s]);
}

/** What the address asks for, once there is something to show. */
function useAddress(isReady: boolean, find: (query: string) => void): void {
  const player = useAudio();
  const address = useSearchParams();
  const at_s = address.get("t");
  const query = address.get("q");
  const done = useRef("");
  useEffect(() => {
    const seconds = at_s === null ? NaN : Number(at_s);
    if (Number.isFinite(seconds) && seconds >= 0) player.play(seconds);
  }, [player, at_s]);
  useEffect(() => {
    if (!isReady || !query || done.current === query) return;
    done.current = query;
    find(query);
  }, [isReady, query, find]);
}
