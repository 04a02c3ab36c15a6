"use client";
/** Somebody else was faster, or the service refused a text: what stands there, what was typed, and what is to become of
 * it. Nothing that was typed goes away before somebody says so. */
import { GitCompareArrows } from "lucide-react";
import { useTranslations } from "next-intl";
import { useEffect, useRef } from "react";
import { Button } from "@/components/ui/Button";
import { useToast } from "@/components/ui/Toast";
import type { Segment } from "@/features/meeting/model";
import { useErrorText } from "@/features/shell/useErrorText";
import { copy } from "@/lib/clipboard";
import { useMe } from "@/lib/api/me";
import { useEdits } from "@/lib/api/edits";
import { latestAuthor, nameOfAuthor, whoChanged } from "./authors";
import { useCorrections } from "./context";
import type { Problem } from "./queue";
import { refusalOf } from "./sending";
import { WordDiff } from "./WordDiff";

export function ConflictPanel({ problem, segment }: { problem: Problem; segment: Segment | null }) {
  const t = useTranslations("corrections");
  const errorText = useErrorText();
  const { settle, save, startEditing, stopEditing } = useCorrections();
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => panel.current?.focus(), []);
  const { mine, error } = problem;
  const isConflict = error === null || refusalOf(error).isConflict;
  const author = useAuthor(problem, segment);
  const who = author.name ?? t("somebody");
  const happened = () => {
    if (!isConflict) return t("notTaken", { why: errorText(error) });
    if (author.isAwaited) return t("changedMeanwhile");
    if (author.isMe) return t("changedByYou");
    return segment ? t("changedBy", { who }) : t("removedBy", { who });
  };
  const theirs = segment?.text ?? "";
  const end = (then?: () => void) => {
    settle(problem.id);
    stopEditing();
    then?.();
  };
  return (
    <div
      ref={panel}
      role="group"
      tabIndex={-1}
      aria-label={t("conflictLabel")}
      className="my-2 rounded-md border border-warning/40 bg-warning-soft px-4 py-3 text-sm text-ink"
    >
      <p role="alert" className="flex items-start gap-2 font-medium text-warning">
        <GitCompareArrows aria-hidden className="mt-0.5 size-4 shrink-0" />
        {happened()}
      </p>
      <dl className="mt-3 grid gap-x-6 gap-y-3 sm:grid-cols-2">
        {segment && (
          <div>
            <dt className="text-xs font-medium text-ink-soft">{t("theirs")}</dt>
            <dd className="font-serif text-base break-words">{theirs}</dd>
          </div>
        )}
        <div>
          <dt className="text-xs font-medium text-ink-soft">{t("mine")}</dt>
          <dd>{mine ? <WordDiff before={theirs} after={mine} /> : <em className="text-ink-soft">{t("toBeRemoved")}</em>}</dd>
        </div>
      </dl>
      <div className="mt-3 flex flex-wrap gap-2">
        {segment && <Button size="sm" onClick={() => end(() => save(segment, mine))}>{isConflict ? t("keepMine") : t("tryAgain")}</Button>}
        <Button size="sm" onClick={() => end()}>{segment ? t("keepTheirs") : t("letGo")}</Button>
        {segment && mine && (
          <Button size="sm" kind="quiet" onClick={() => end(() => startEditing(segment, { text: isConflict ? `${theirs} ${mine}` : mine }))}>
            {isConflict ? t("takeBoth") : t("edit")}
          </Button>
        )}
        {!segment && <CopyButton text={mine} />}
      </div>
    </div>
  );
}

/** Who made it what it is. A refusal says so; of what arrived by itself, the history knows. Nobody is named before that:
 * a sentence that is read aloud is not taken back. */
function useAuthor(problem: Problem, segment: Segment | null): { name: string | null; isMe: boolean; isAwaited: boolean } {
  const { meetingId } = useCorrections();
  const me = useMe().data?.user.id;
  const isTold = problem.edits.length > 0;
  const history = useEdits(meetingId, { isEnabled: !isTold });
  const edits = history.data?.pages[0]?.items ?? [];
  const author = isTold ? latestAuthor(problem.edits) : whoChanged(edits, problem.line, problem.current[0]?.edit_id ?? segment?.edit_id ?? null, !history.isFetching);
  return { name: nameOfAuthor(author), isMe: author !== null && author.id === me, isAwaited: !isTold && author === null && history.isFetching };
}

function CopyButton({ text }: { text: string }) {
  const t = useTranslations();
  const say = useToast();
  return (
    <Button size="sm" kind="quiet" onClick={() => void copy({ text }).then(() => say(t("common.copied")))}>
      {t("corrections.copyText")}
    </Button>
  );
}
