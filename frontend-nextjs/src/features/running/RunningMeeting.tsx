"use client";
/** Where a meeting stands that has no result yet, or is getting a new one. Nothing once it is done. */
import { useTranslations } from "next-intl";
import { useEffect, useRef, useState } from "react";
import type { Schemas } from "@/lib/api/client";
import { cx } from "@/lib/cx";
import { CancelledRun } from "./CancelledRun";
import { Draft } from "./Draft";
import { FailedRun } from "./FailedRun";
import { ProcessingRun } from "./ProcessingRun";
import { RunWarnings } from "./RunWarnings";
import { WaitingRun } from "./WaitingRun";

type Meeting = Schemas["MeetingOut"];

const BESIDE = "lg:max-w-none lg:grid-cols-[21rem_minmax(0,1fr)]";
/** Where nothing more is made, there may be nothing beside it. */
const BESIDE_A_DRAFT = "lg:has-[[data-draft]]:max-w-none lg:has-[[data-draft]]:grid-cols-[21rem_minmax(0,1fr)]";

export function RunningMeeting({ meeting }: { meeting: Meeting }) {
  const isFirst = !meeting.has_results && meeting.started_at !== null; // then what there is of it stands beside
  return (
    <>
      <Announcement meeting={meeting} />
      {meeting.status !== "COMPLETED" && (
        <div className={cx("grid max-w-3xl gap-x-16 gap-y-8", isFirst && (meeting.status === "PROCESSING" ? BESIDE : BESIDE_A_DRAFT))}>
          <div className="min-w-0">
            <Body meeting={meeting} />
          </div>
          {isFirst && (
            <div className="flex min-w-0 flex-col gap-8">
              <Draft meeting={meeting} />
            </div>
          )}
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
