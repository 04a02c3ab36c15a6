"use client";
import { FileQuestion } from "lucide-react";
import Link from "next/link";
import { useTranslations } from "next-intl";
import { Button } from "@/components/ui/Button";
import { EmptyState } from "@/components/ui/EmptyState";

export function NotFound() {
  const t = useTranslations("shell");
  return (
    <EmptyState
      isPage
      icon={<FileQuestion />}
      title={t("notFound")}
      actions={
        <Button asChild kind="primary">
          <Link prefetch={false} href="/">{t("toMeetings")}</Link>
        </Button>
      }
    >
      {t("notFoundBody")}
    </EmptyState>
  );
}
