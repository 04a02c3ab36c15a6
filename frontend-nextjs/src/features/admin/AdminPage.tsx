"use client";
import { Lock } from "lucide-react";
import dynamic from "next/dynamic";
import { useRouter, useSearchParams } from "next/navigation";
import { useTranslations } from "next-intl";
import { Suspense } from "react";
import { EmptyState } from "@/components/ui/EmptyState";
import { PageHeader } from "@/components/ui/PageHeader";
import { Skeleton } from "@/components/ui/Skeleton";
import { Tabs } from "@/components/ui/Tabs";
import { useTitle } from "@/features/shell/useTitle";
import { useMe } from "@/lib/api/me";
import { HealthLine } from "./HealthLine";
import { ModelsTab } from "./ModelsTab";
import { QueueTab } from "./QueueTab";
import { StorageTab } from "./StorageTab";
import { UsersTab } from "./UsersTab";
import { WorkersTab } from "./WorkersTab";

const AuditTab = dynamic(() => import("./AuditTab").then((found) => found.AuditTab), { ssr: false, loading: () => <Skeleton className="h-64" /> });
const TABS = ["users", "queue", "workers", "storage", "models", "audit"] as const;
const CONTENT = { users: <UsersTab />, queue: <QueueTab />, workers: <WorkersTab />, storage: <StorageTab />, models: <ModelsTab />, audit: <AuditTab /> };

export function AdminPage() {
  const t = useTranslations("admin");
  const me = useMe().data;
  useTitle(t("title"));
  if (!me) return null; // the frame waits for it
  if (!me.scopes.includes("admin")) {
    return (
      <div className="flex flex-1 flex-col">
        <h1 className="sr-only">{t("title")}</h1>
        <EmptyState icon={<Lock />} title={t("forbidden")} />
      </div>
    );
  }
  return (
    <div className="mx-auto w-full max-w-5xl px-4 py-8 sm:px-6 sm:py-10">
      <PageHeader title={t("title")}>
        <HealthLine />
      </PageHeader>
      <Suspense>
        <Sections />
      </Suspense>
    </div>
  );
}

/** Which tab is open stands in the address: it can be sent to somebody, and the browser goes back through it. */
function Sections() {
  const t = useTranslations("admin");
  const router = useRouter();
  const asked = useSearchParams().get("tab");
  const open = TABS.find((tab) => tab === asked) ?? "users";
  return (
    <Tabs
      label={t("sections")}
      value={open}
      onChange={(tab) => router.replace(tab === "users" ? "/admin" : `/admin?tab=${tab}`, { scroll: false })}
      tabs={TABS.map((tab) => ({ value: tab, label: t(`tab.${tab}`), content: CONTENT[tab] }))}
    />
  );
}
