"use client";
/** One question before something that is not easily taken back. */
import { useTranslations } from "next-intl";
import type { ReactNode } from "react";
import { useErrorText } from "@/features/shell/useErrorText";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { Notice } from "./Notice";

interface Props {
  isOpen: boolean;
  onClose: () => void;
  title: ReactNode;
  children: ReactNode;
  action: ReactNode;
  onConfirm: () => void;
  isBusy: boolean;
  isDanger?: boolean;
  error?: unknown;
}

export function ConfirmDialog({ isOpen, onClose, title, children, action, onConfirm, isBusy, isDanger = true, error }: Props) {
  const t = useTranslations("common");
  const errorText = useErrorText();
  return (
    <Dialog
      isOpen={isOpen}
      onClose={onClose}
      title={title}
      size="sm"
      footer={
        <>
          <Button onClick={onClose}>{t("cancel")}</Button>
          <Button kind={isDanger ? "danger" : "primary"} isBusy={isBusy} onClick={onConfirm}>
            {action}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4 text-ink-soft">
        {children}
        {error ? <Notice tone="danger">{errorText(error)}</Notice> : null}
      </div>
    </Dialog>
  );
}
