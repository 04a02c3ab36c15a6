"use client";
import { useTranslations } from "next-intl";
import { Skeleton } from "@/components/ui/Skeleton";

export function LoadingList() {
  const t = useTranslations("common");
  return (
    <div aria-busy="true" className="mt-8">
      <span className="sr-only">{t("loading")}</span>
      {[64, 48, 72, 56, 64].map((width, place) => (
        <div key={place} className="flex items-center gap-6 border-b border-line py-5">
          <div className="flex-1">
            <Skeleton className={width > 60 ? "h-5 w-2/3" : "h-5 w-1/2"} />
            <Skeleton className="mt-2.5 h-3.5 w-1/3" />
          </div>
          <Skeleton className="h-6 w-28 max-sm:hidden" />
        </div>
      ))}
    </div>
  );
}
