"use client";
/** Where corrections stand, undo and redo, and the way to their history. */
import { Check, CircleAlert, CloudOff, History, Redo2, Undo2 } from "lucide-react";
import { useTranslations } from "next-intl";
import dynamic from "next/dynamic";
import { useState } from "react";
import { IconButton } from "@/components/ui/IconButton";
import { Spinner } from "@/components/ui/Spinner";
import { cx } from "@/lib/cx";
import { useCorrections } from "./context";
import { useCalm } from "./useCalm";
import { useProblems } from "./useProblems";

const HistoryPanel = dynamic(() => import("./HistoryPanel").then((found) => found.HistoryPanel), { ssr: false });

export function CorrectionsBar() {
  const t = useTranslations("corrections");
  const { undo, redo, canUndo, canRedo } = useCorrections();
  const [isOpen, setOpen] = useState(false);
  return (
    <div role="group" aria-label={t("barLabel")} className="flex items-center gap-0.5 print:hidden">
      <State />
      <IconButton label={t("undo")} shortcut={t("undoKeys")} size="sm" disabled={!canUndo} onClick={undo}>
        <Undo2 />
      </IconButton>
      <IconButton label={t("redo")} shortcut={t("redoKeys")} size="sm" disabled={!canRedo} onClick={redo}>
        <Redo2 />
      </IconButton>
      <IconButton label={t("history")} size="sm" onClick={() => setOpen(true)}>
        <History />
      </IconButton>
      {isOpen && <HistoryPanel onClose={() => setOpen(false)} />}
    </div>
  );
}

const ICONS = { saved: <Check aria-hidden />, saving: <Spinner />, unsaved: <CloudOff aria-hidden />, conflict: <CircleAlert aria-hidden /> };

function State() {
  const t = useTranslations("corrections");
  const { state, numWaiting, editing, startEditing } = useCorrections();
  const first = useProblems().find(({ segment }) => segment !== null)?.segment;
  const shown = useCalm(state);
  const isUrgent = shown === "conflict" || shown === "unsaved";
  return (
    <div className="mr-1 flex items-center gap-1 text-xs">
      <p role="status" className={cx("flex items-center gap-1.5 [&_svg]:size-3.5", isUrgent ? "font-medium text-warning" : "text-ink-faint")}>
        {ICONS[shown]}
        <span className={isUrgent ? undefined : "max-md:sr-only"}>{shown === "unsaved" ? t("unsaved", { count: numWaiting }) : t(`state.${shown}`)}</span>
      </p>
      {first && editing !== first.index && (
        <button type="button" onClick={() => startEditing(first)} className="min-h-8 rounded-md px-2 font-medium text-accent underline">
          {t("look")}
        </button>
      )}
    </div>
  );
}
