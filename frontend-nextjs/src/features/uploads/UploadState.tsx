"use client";
/** In words: what an upload is at. */
import { useTranslations } from "next-intl";
import { useLanguage } from "@/features/shell/Language";
import { useErrorText } from "@/features/shell/useErrorText";
import { ApiError } from "@/lib/api/client";
import { useMeeting } from "@/lib/api/meetings";
import { bytes, duration, percent } from "@/lib/format";
import type { FileProblem } from "./files";
import { secondsLeft, type Item } from "./model";

export function UploadState({ item }: { item: Item }) {
  const t = useTranslations("uploads");
  const { language } = useLanguage();
  const errorText = useErrorText();
  const { state } = item;
  const size = (count: number) => bytes(count, language);
  const some = t("ofSize", { sent: size(item.sentBytes), total: size(item.sizeBytes) });
  const plain = "text-xs text-ink-faint tabular";
  switch (state.kind) {
    case "waiting":
      return <p className={plain}>{t("waiting", { size: size(item.sizeBytes) })}</p>;
    case "sending": {
      const left = secondsLeft(item);
      const speed = item.bytesPerS !== null && t("speed", { speed: size(item.bytesPerS) });
      return <p className={plain}>{[some, speed, left !== null && t("left", { time: duration(left, language) })].filter(Boolean).join(" · ")}</p>;
    }
    case "paused":
      return <p className={plain}>{t("paused", { some })}</p>;
    case "finishing":
      return <p className={plain}>{t("finishing")}</p>;
    case "stuck":
      return <p className="text-xs text-warning">{t(`trouble.${state.why}`)}</p>;
    case "missing":
      return <p className="text-xs text-warning">{state.isWrongFile ? t("wrongFile", { name: item.fileName }) : t("missing", { share: percent(item.sentBytes / item.sizeBytes, language) })}</p>;
    case "duplicate":
      return <p className="text-xs text-ink-soft">{t("duplicate")}</p>;
    case "refused":
      return (
        <p className="text-xs text-danger">
          {state.code.startsWith("file.")
            ? t(`problem.${state.code.slice("file.".length) as FileProblem}`)
            : errorText(new ApiError({ status: 0, code: state.code, detail: state.detail }))}
        </p>
      );
    case "done":
      return <Made id={state.meetingId} />;
  }
}

/** From here on it is the meeting that goes on. */
function Made({ id }: { id: string }) {
  const t = useTranslations("uploads");
  const { language } = useLanguage();
  const errorText = useErrorText();
  const meeting = useMeeting(id).data;
  if (meeting?.status === "FAILED" && meeting.failure) {
    return <p className="text-xs text-danger">{errorText(new ApiError({ status: 0, code: meeting.failure.code, detail: meeting.failure.message }))}</p>;
  }
  return (
    <p className="text-xs text-ink-faint tabular">
      {meeting?.status === "COMPLETED"
        ? t("transcribed")
        : meeting?.status === "PROCESSING"
          ? t("transcribing", { share: percent(meeting.percent / 100, language) })
          : meeting?.status === "CANCELLED"
            ? t("cancelled")
            : t("uploaded")}
    </p>
  );
}
