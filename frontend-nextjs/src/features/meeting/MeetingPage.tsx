"use client";
/** One meeting: heard, read, corrected. `?t=754.2` plays from there, `?q=` finds. */
import { useTranslations } from "next-intl";
import { Suspense } from "react";
import { Button } from "@/components/ui/Button";
import { Notice } from "@/components/ui/Notice";
import { NotFound } from "@/features/shell/NotFound";
import { useErrorText } from "@/features/shell/useErrorText";
import { useTitle } from "@/features/shell/useTitle";
import { isApiError } from "@/lib/api/client";
import { useMeeting } from "@/lib/api/meetings";
import { usePathId } from "@/lib/usePathId";
import { LoadingMeeting } from "./page/LoadingMeeting";
import { MeetingRoom } from "./page/MeetingRoom";

export function MeetingPage() {
  return (
    <Suspense fallback={<LoadingMeeting />}>
      <Loader />
    </Suspense>
  );
}

function Loader() {
  const t = useTranslations("common");
  const id = usePathId();
  const meeting = useMeeting(id);
  const errorText = useErrorText();
  useTitle(meeting.data?.title);
  if (meeting.data) return <MeetingRoom key={`${id}.${meeting.data.has_recording}`} meeting={meeting.data} />;
  if (isApiError(meeting.error) && (meeting.error.status === 404 || meeting.error.status === 422)) return <NotFound />;
  if (meeting.isError) {
    return (
      <div className="mx-auto w-full max-w-xl px-4 py-24">
        <Notice tone="danger" actions={<Button size="sm" onClick={() => void meeting.refetch()}>{t("retry")}</Button>}>
          {errorText(meeting.error)}
        </Notice>
      </div>
    );
  }
  return <LoadingMeeting />;
}
