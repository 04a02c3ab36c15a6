"use client";
/** Who changed what and when, the newest first, with a way back. */
import { useTranslations } from "next-intl";
import { useMemo, useState } from "react";
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { EmptyState } from "@/components/ui/EmptyState";
import { SelectField } from "@/components/ui/Field";
import { Notice } from "@/components/ui/Notice";
import { Skeleton } from "@/components/ui/Skeleton";
import { useErrorText } from "@/features/shell/useErrorText";
import { useSpeakerLabel } from "@/features/meeting/useSpeakerLabel";
import { useEdits, type Edit } from "@/lib/api/edits";
import { nameOfAuthor } from "./authors";
import { useCorrections } from "./context";
import { HistoryEntry } from "./HistoryEntry";

export function HistoryPanel({ onClose }: { onClose: () => void }) {
  const t = useTranslations();
  const { meetingId } = useCorrections();
  const edits = useEdits(meetingId);
  const errorText = useErrorText();
  const [author, setAuthor] = useState("");
  const [label, setLabel] = useState("");
  const items = useMemo(() => edits.data?.pages.flatMap((page) => page.items) ?? [], [edits.data]);
  const shown = items.filter((edit) => (!author || edit.author?.id === author) && (!label || labelsOf(edit).includes(label)));
  return (
    <Dialog isOpen onClose={onClose} title={t("corrections.history")} size="lg">
      {edits.isPending && (
        <div aria-busy="true" aria-label={t("common.loading")} className="flex flex-col gap-4 py-2">
          {[0, 1, 2].map((row) => <Skeleton key={row} className="h-16" />)}
        </div>
      )}
      {edits.isError && !edits.data && (
        <Notice tone="danger" actions={<Button size="sm" onClick={() => void edits.refetch()}>{t("common.retry")}</Button>}>{errorText(edits.error)}</Notice>
      )}
      {edits.data && items.length === 0 && <EmptyState title={t("corrections.historyEmpty")}>{t("corrections.historyEmptyBody")}</EmptyState>}
      {items.length > 0 && (
        <>
          <Filters items={items} author={author} label={label} onAuthor={setAuthor} onLabel={setLabel} />
          {shown.length === 0 && <p className="py-8 text-center text-ink-soft">{t("corrections.historyNone")}</p>}
          <ol className="divide-y divide-line">
            {shown.map((edit) => <HistoryEntry key={edit.id} edit={edit} onJump={onClose} />)}
          </ol>
          {edits.hasNextPage && (
            <Button className="mt-3" isBusy={edits.isFetchingNextPage} onClick={() => void edits.fetchNextPage()}>{t("corrections.more")}</Button>
          )}
        </>
      )}
    </Dialog>
  );
}

function labelsOf(edit: Edit): string[] {
  return [edit.label, ...edit.before.map((line) => line.speaker), ...edit.after.map((line) => line.speaker)].filter((one) => one !== null);
}

interface FilterProps {
  items: Edit[];
  author: string;
  label: string;
  onAuthor: (id: string) => void;
  onLabel: (label: string) => void;
}

/** Only where there is something to choose between. */
function Filters({ items, author, label, onAuthor, onLabel }: FilterProps) {
  const t = useTranslations("corrections");
  const speakerLabel = useSpeakerLabel();
  const authors = new Map(items.flatMap((edit) => (edit.author ? [[edit.author.id, nameOfAuthor(edit.author)] as const] : [])));
  const lines = items.flatMap((edit) => [...edit.before, ...edit.after]);
  const labels = [...new Set(items.flatMap(labelsOf))].sort();
  const nameOf = (one: string) => lines.find((line) => line.speaker === one && line.name)?.name ?? null;
  if (authors.size < 2 && labels.length < 2) return null;
  return (
    <div className="mb-2 grid gap-3 sm:grid-cols-2">
      {authors.size > 1 && (
        <SelectField label={t("filterAuthor")} value={author} onChange={(event) => onAuthor(event.target.value)}>
          <option value="">{t("everybody")}</option>
          {[...authors].map(([id, name]) => <option key={id} value={id}>{name}</option>)}
        </SelectField>
      )}
      {labels.length > 1 && (
        <SelectField label={t("filterSpeaker")} value={label} onChange={(event) => onLabel(event.target.value)}>
          <option value="">{t("allSpeakers")}</option>
          {labels.map((one) => <option key={one} value={one}>{speakerLabel(one, nameOf(one))}</option>)}
        </SelectField>
      )}
    </div>
  );
}
