"use client";
/** Above the transcript: what people had corrected and another run left without a place, and what was typed and could not
 * be saved where it belongs. Never dropped: somebody uses it or lets it go. */
import { ChevronDown, Play, X } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Button } from "@/components/ui/Button";
import { IconButton } from "@/components/ui/IconButton";
import { useToast } from "@/components/ui/Toast";
import { useAudio } from "@/features/meeting/player";
import { useErrorText } from "@/features/shell/useErrorText";
import { useEdits, useTurnEdit, type Edit } from "@/lib/api/edits";
import { cx } from "@/lib/cx";
import { clock } from "@/lib/format";
import { ConflictPanel } from "./ConflictPanel";
import { useCorrections } from "./context";
import { useEditWords } from "./useEditWords";
import { useProblems } from "./useProblems";
import { WordDiff } from "./WordDiff";

export function LostCorrections() {
  const { meetingId } = useCorrections();
  const edits = useEdits(meetingId, { isLost: true });
  const homeless = useProblems().filter(({ segment }) => segment === null);
  const lost = (edits.data?.pages.flatMap((page) => page.items) ?? []).filter((edit) => edit.undone_at === null);
  if (lost.length === 0 && homeless.length === 0) return null;
  return (
    <div className="mb-6 flex flex-col gap-3 print:hidden">
      {homeless.map(({ problem }) => (
        <ConflictPanel key={problem.id} problem={problem} segment={null} />
      ))}
      {lost.length > 0 && <Lost lost={lost} hasMore={edits.hasNextPage} onMore={() => void edits.fetchNextPage()} />}
    </div>
  );
}

function Lost({ lost, hasMore, onMore }: { lost: Edit[]; hasMore: boolean; onMore: () => void }) {
  const t = useTranslations("corrections");
  const [isOpen, setOpen] = useState(false);
  const count = hasMore ? `${lost.length}+` : String(lost.length);
  return (
    <section aria-label={t("lostLabel")} className="rounded-md border border-warning/30 bg-warning-soft text-sm">
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        className="flex min-h-11 w-full items-center gap-3 px-4 py-2.5 text-left font-medium text-warning"
      >
        <span className="flex-1">{t("lostTitle", { number: lost.length, count })}</span>
        <ChevronDown aria-hidden className={cx("size-4 shrink-0 transition-transform", isOpen && "rotate-180")} />
      </button>
      {isOpen && (
        <div className="border-t border-warning/30 px-4 py-3">
          <p className="text-ink-soft">{t("lostHow")}</p>
          <ul className="mt-2 divide-y divide-line">
            {lost.map((edit) => (
              <LostEdit key={edit.id} edit={edit} />
            ))}
          </ul>
          {hasMore && <Button size="sm" className="mt-3" onClick={onMore}>{t("more")}</Button>}
        </div>
      )}
    </section>
  );
}

function LostEdit({ edit }: { edit: Edit }) {
  const t = useTranslations("corrections");
  const { meetingId } = useCorrections();
  const audio = useAudio();
  const turn = useTurnEdit(meetingId);
  const say = useToast();
  const errorText = useErrorText();
  const words = useEditWords();
  const act = (op: "undo" | "redo") =>
    turn.mutate({ edit_id: edit.id, op }, { onError: (error) => say(op === "redo" ? t("lostStill") : errorText(error), { kind: "error" }) });
  const text = (lines: Edit["before"]) => lines.map((line) => line.text).join(" ");
  return (
    <li className="flex flex-wrap items-start gap-x-3 gap-y-2 py-3 text-ink">
      {audio.hasSound && (
        <IconButton label={t("playAt", { time: clock(edit.start_s) })} size="sm" onClick={() => audio.play(edit.start_s, edit.end_s)}>
          <Play />
        </IconButton>
      )}
      <div className="min-w-0 flex-1 basis-60">
        <p className="text-xs text-ink-soft">{words(edit)}</p>
        <WordDiff before={text(edit.before)} after={text(edit.after)} />
      </div>
      <div className="flex gap-1">
        <Button size="sm" isBusy={turn.isPending} onClick={() => act("redo")}>{t("lostApply")}</Button>
        <IconButton label={t("lostDismiss")} size="sm" disabled={turn.isPending} onClick={() => act("undo")}>
          <X />
        </IconButton>
      </div>
    </li>
  );
}
