"use client";
/** Where a meeting stands that has no result yet, or is getting a new one. Nothing once it is done. */
import { useTranslations } from "next-intl";
import { useEffect, useRef, useState } from "react";
import type { Schemas } from "@/lib/api/client";
import { CancelledRun } from "./CancelledRun";
import { Draft } from "./Draft";
import { FailedRun } from "./FailedRun";
import { ProcessingRun } from "./ProcessingRun";
import { RunWarnings } from "./RunWarnings";
import { WaitingRun } from "./WaitingRun";

type Meeting = Schemas["MeetingOut"];

export function RunningMeeting({ meeting }: { meeting: Meeting }) {
  return (
    <>
      <Announcement meeting={meeting} />
      {meeting.status !== "COMPLETED" && (
        <div className="flex w-full max-w-3xl flex-col gap-8">
          <Body meeting={meeting} />
          {!meeting.has_results && meeting.started_at !== null && <Draft meeting={meeting} />}
        </div>
      )}
      {meeting.status === "COMPLETED" && <RunWarnings warnings={meeting.warnings} />}
    </>
  );
}

function Body({ meeting }: { meeting: Meeting }) {
  switch (meeting.status) {
    case "PENDING":
      return <WaitingRun meeting={meeting} />;
    case "PROCESSING":
      return <ProcessingRun meeting={meeting} />;
    case "FAILED":
      return <FailedRun meeting={meeting} />;
    case "CANCELLED":
      return <CancelledRun meeting={meeting} />;
    case "COMPLETED":
      return null;
  }
}

/** Says a new stage or status to screen readers, once; percents are not said. */
function Announcement({ meeting }: { meeting: Meeting }) {
  const t = useTranslations("running");
  const current = meeting.status === "PROCESSING" && meeting.stage ? t(`stage.${meeting.stage}`) : t(`status.${meeting.status}`);
  const first = useRef(current);
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (current !== first.current) {
      first.current = "";
      setSaid(current);
    }
  }, [current]);
  return (
    <p aria-live="polite" className="sr-only">
      {said}
    </p>
  );
}
