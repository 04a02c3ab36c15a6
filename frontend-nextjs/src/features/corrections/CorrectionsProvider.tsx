"use client";
/** Corrections of one meeting: one queue, one place that is being edited, one set of keys. */
import { useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from "react";
import { useToast } from "@/components/ui/Toast";
import type { Segment } from "@/features/meeting/model";
import { useErrorText } from "@/features/shell/useErrorText";
import { useMe } from "@/lib/api/me";
import { CorrectionsContext, type Corrections } from "./context";
import { authorOf } from "./authors";
import { readTranscript } from "./board";
import { lineOf, type Line } from "./lines";
import type { Action } from "./predict";
import type { Item } from "./queue";
import { queueOf } from "./registry";
import { refusalOf } from "./sending";
import { useUndoKeys } from "./useUndoKeys";
import { useVisit } from "./useVisit";

interface Props {
  meetingId: string;
  children: ReactNode;
}

export function CorrectionsProvider({ meetingId, children }: Props) {
  const userId = useMe().data?.user.id ?? "";
  return (
    <Provider key={`${userId}.${meetingId}`} userId={userId} meetingId={meetingId}>
      {children}
    </Provider>
  );
}

function Provider({ userId, meetingId, children }: Props & { userId: string }) {
  const client = useQueryClient();
  const [{ queue, listen }] = useState(() => queueOf(client, userId, meetingId));
  const snapshot = useSyncExternalStore(queue.subscribe, queue.snapshot, queue.snapshot);
  const visit = useVisit(queue, meetingId, `${userId}.${meetingId}`);
  const { start, stop, flush, relined, hasDraft } = visit;
  const tell = useTell();

  useEffect(() => {
    listen({ tell, relined, flush });
    queue.start();
    return () => listen(null);
  }, [flush, listen, queue, relined, tell]);
  useEffect(() => flush, [flush]);
  useLeaveWarning(() => hasDraft() || queue.snapshot().numWaiting > 0);

  const make = useCallback(
    (action: Action) => {
      flush();
      return queue.make(action, `${Date.now()}.${Math.random()}`);
    },
    [flush, queue],
  );
  const undo = useCallback(() => {
    flush();
    queue.undo();
  }, [flush, queue]);
  const redo = useCallback(() => {
    flush();
    queue.redo();
  }, [flush, queue]);
  useUndoKeys(undo, redo);

  const actions = useMemo(() => {
    /** The segment as it stands when what is typed into it is saved. */
    const saved = (segment: Segment) => {
      const isHere = visit.here.current?.index === segment.index;
      flush();
      return (isHere && readTranscript(client, meetingId)?.segments[segment.index]) || segment;
    };
    return {
      save: (segment: Segment, text: string) => void make({ kind: "text", lines: [lineOf(segment)], text }),
      split: (segment: Segment, caret: number) => {
        const isEditing = visit.here.current !== null;
        const second = make({ kind: "split", lines: [lineOf(saved(segment))], caret })?.[1];
        if (second && isEditing) start({ ...second, index: segment.index + 1 }, { caret: 0 });
      },
      join: (first: Segment, second: Segment) => {
        const isEditing = visit.here.current !== null;
        const lines: [Line, Line] = [lineOf(saved(first)), lineOf(saved(second))];
        const whole = make({ kind: "join", lines })?.[0];
        if (whole && isEditing) start({ ...whole, index: first.index }, { caret: lines[0].text.length + 1 });
      },
      move: (segments: Segment[], to_label: string) => void make({ kind: "move", lines: segments.map(lineOf), to_label }),
      confirm: (segment: Segment) => void make({ kind: "confirm", lines: [lineOf(segment)] }),
      remove: (segment: Segment) => void make({ kind: "text", lines: [lineOf(segment)], text: "" }),
      settle: (id: string) => queue.settle(id),
    };
  }, [client, flush, make, meetingId, queue, start, visit.here]);

  const { place, returnTo, type, dropDraft } = visit;
  const value = useMemo<Corrections>(
    () => ({
      ...snapshot,
      ...actions,
      meetingId,
      editing: place?.index ?? null,
      visit: place?.visit ?? null,
      returnTo,
      startEditing: start,
      stopEditing: stop,
      type,
      flush,
      dropDraft,
      undo,
      redo,
    }),
    [actions, dropDraft, flush, meetingId, place, redo, returnTo, snapshot, start, stop, type, undo],
  );
  return <CorrectionsContext.Provider value={value}>{children}</CorrectionsContext.Provider>;
}

/** What was refused and leaves nothing to decide: said in words. */
function useTell() {
  const t = useTranslations("corrections");
  const say = useToast();
  const errorText = useErrorText();
  return useCallback(
    (item: Item, error: unknown) => {
      const { isConflict, edits } = refusalOf(error);
      if (!isConflict) return say(errorText(error), { kind: "error" });
      const who = authorOf(edits) ?? t("somebody");
      say(item.task.op === "make" ? t("refused", { who }) : t(item.task.op === "undo" ? "undoRefused" : "redoRefused", { who }), { kind: "error" });
    },
    [errorText, say, t],
  );
}

function useLeaveWarning(isUnsaved: () => boolean): void {
  useEffect(() => {
    const leaving = (event: BeforeUnloadEvent) => {
      if (isUnsaved()) event.preventDefault();
    };
    window.addEventListener("beforeunload", leaving);
    return () => window.removeEventListener("beforeunload", leaving);
  });
}
