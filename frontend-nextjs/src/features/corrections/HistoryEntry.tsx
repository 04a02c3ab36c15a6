"use client";
import { Play, Redo2, Undo2 } from "lucide-react";
import { useTranslations } from "next-intl";
import { Badge } from "@/components/ui/Badge";
import { Button } from "@/components/ui/Button";
import { useAudio } from "@/features/meeting/player";
import { useSpeakerLabel } from "@/features/meeting/useSpeakerLabel";
import { useLanguage } from "@/features/shell/Language";
import { useErrorText } from "@/features/shell/useErrorText";
import { useTurnEdit, type Edit } from "@/lib/api/edits";
import { cx } from "@/lib/cx";
import { ago, clock, dayAndTime } from "@/lib/format";
import { authorOf, nameOfAuthor } from "./authors";
import { useCorrections } from "./context";
import { refusalOf } from "./sending";
import { useMayGoOn } from "./useAllSent";
import { useDeed } from "./useEditWords";
import { WordDiff } from "./WordDiff";

export function HistoryEntry({ edit, onJump }: { edit: Edit; onJump: () => void }) {
  const t = useTranslations("corrections");
  const { language } = useLanguage();
  const deed = useDeed();
  const audio = useAudio();
  const { meetingId } = useCorrections();
  const turn = useTurnEdit(meetingId);
  const mayGoOn = useMayGoOn(meetingId);
  const errorText = useErrorText();
  const isUndone = edit.undone_at !== null;
  const isHeard = audio.hasSound && edit.kind !== "name" && edit.kind !== "merge";
  const jump = () => {
    onJump();
    audio.play(edit.start_s, edit.end_s);
  };
  const turnIt = async () => {
    if (await mayGoOn()) turn.mutate({ edit_id: edit.id, op: isUndone ? "redo" : "undo" });
  };
  const refusal = () => {
    const { isConflict, edits } = refusalOf(turn.error);
    const who = authorOf(edits) ?? t("somebody");
    return isConflict ? t(turn.variables?.op === "undo" ? "undoRefused" : "redoRefused", { who }) : errorText(turn.error);
  };
  return (
    <li className={cx("grid gap-2 py-4", isUndone && "text-ink-soft")}>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <h3 className="text-sm font-medium">{deed(edit)}</h3>
        {isUndone && <Badge>{t("undone", { who: nameOfAuthor(edit.undone_by) ?? t("somebody") })}</Badge>}
        {edit.is_lost && <Badge tone="warning">{t("lost")}</Badge>}
        <p className="text-xs text-ink-faint">
          {nameOfAuthor(edit.author) ?? t("somebody")} · <time dateTime={edit.created_at} title={dayAndTime(edit.created_at, language)}>{ago(edit.created_at, language)}</time>
        </p>
        <div className="ml-auto flex gap-1">
          {isHeard && (
            <Button size="sm" kind="quiet" aria-label={t("playAt", { time: clock(edit.start_s) })} onClick={jump}>
              <Play aria-hidden />
              <span className="tabular">{clock(edit.start_s)}</span>
            </Button>
          )}
          <Button size="sm" kind="quiet" isBusy={turn.isPending} onClick={() => void turnIt()}>
            {isUndone ? <Redo2 aria-hidden /> : <Undo2 aria-hidden />}
            {isUndone ? t("redo") : t("undo")}
          </Button>
        </div>
      </div>
      {turn.isError && <p role="alert" className="text-sm text-danger">{refusal()}</p>}
      <Difference edit={edit} />
    </li>
  );
}

function Difference({ edit }: { edit: Edit }) {
  const speakerLabel = useSpeakerLabel();
  const { kind, before, after } = edit;
  if (kind === "name" || kind === "merge" || kind === "confirm") {
    return kind === "confirm" && before[0] ? <p className="line-clamp-2 font-serif text-base text-ink-soft">{before[0].text}</p> : null;
  }
  if (kind === "split" || kind === "join") {
    return (
      <ul className="grid gap-1 border-l-2 border-line pl-3 font-serif text-base">
        {after.map((line, place) => <li key={place} className="line-clamp-3">{line.text}</li>)}
      </ul>
    );
  }
  if (kind === "move") {
    return (
      <div className="border-l-2 border-line pl-3">
        <p className="text-xs text-ink-faint">
          {speakerLabel(before[0]?.speaker ?? null, before[0]?.name ?? null)} → {speakerLabel(after[0]?.speaker ?? null, after[0]?.name ?? null)}
        </p>
        <p className="line-clamp-3 font-serif text-base">{before.map((line) => line.text).join(" ")}</p>
      </div>
    );
  }
  return <WordDiff className="border-l-2 border-line pl-3" before={before.map((line) => line.text).join(" ")} after={after.map((line) => line.text).join(" ")} />;
}
