"use client";
import { useTranslations } from "next-intl";
import { Skeleton } from "@/components/ui/Skeleton";

export function LoadingMeeting() {
  return (
    <div className="mx-auto w-full max-w-[73rem] px-4 sm:px-6">
      <Busy />
      <Skeleton className="mt-9 h-9 w-2/3 max-w-md" />
      <Skeleton className="mt-3 mb-10 h-4 w-64" />
      <LoadingLines />
    </div>
  );
}

export function LoadingLines() {
  return (
    <div className="max-w-[44rem] space-y-8 sm:pl-16">
      <Busy />
      {["w-11/12", "w-3/5", "w-4/5", "w-full"].map((width) => (
        <div key={width} className="space-y-3">
          <Skeleton className="h-4 w-32" />
          <Skeleton className="h-4 w-full" />
          <Skeleton className={`h-4 ${width}`} />
        </div>
      ))}
    </div>
  );
}

function Busy() {
  const t = useTranslations("common");
  return (
    <p role="status" className="sr-only">
      {t("loading")}
    </p>
  );
}
