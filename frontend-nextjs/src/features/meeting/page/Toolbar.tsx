"use client";
/** Over the transcript, always in reach: find, review, what is being corrected. One of them takes the bar while it is used. */
import { ListChecks, PanelRight, Search } from "lucide-react";
import { useTranslations } from "next-intl";
import dynamic from "next/dynamic";
import { Button } from "@/components/ui/Button";
import { CorrectionsBar } from "@/features/corrections";
import type { Find } from "../find/useFind";
import type { Review } from "../review/useReview";

const FindBar = dynamic(() => import("../find/FindBar").then((found) => found.FindBar), { ssr: false });
const ReviewBar = dynamic(() => import("../review/ReviewBar").then((found) => found.ReviewBar), { ssr: false });

interface Props {
  find: Find;
  review: Review;
  isSideOpen: boolean;
  onSide: () => void;
}

export function Toolbar({ find, review, isSideOpen, onSide }: Props) {
  const t = useTranslations("meeting");
  return (
    <div data-find className="sticky top-14 z-20 -mx-4 mb-6 flex min-h-13 flex-wrap items-center gap-x-1 border-y border-line bg-paper px-4 max-sm:top-0 sm:mx-0 sm:px-0 sm:[&>button:first-child]:-ml-2.5 print:hidden">
      {find.isOpen ? (
        <FindBar find={find} />
      ) : review.isOn ? (
        <ReviewBar review={review} />
      ) : (
        <>
          <Button kind="quiet" size="sm" className="max-sm:h-10 max-sm:min-w-10" onClick={() => find.open()} aria-keyshortcuts="Control+F">
            <Search aria-hidden />
            <span className="max-sm:sr-only">{t("find.open")}</span>
          </Button>
          {review.count > 0 && (
            <Button kind="quiet" size="sm" className="max-sm:h-10" onClick={review.start}>
              <ListChecks aria-hidden />
              <span className="max-sm:sr-only">{t("review.open", { count: review.count })}</span>
              <span aria-hidden className="tabular sm:hidden">
                {review.count}
              </span>
            </Button>
          )}
          <div className="ml-auto flex items-center gap-1">
            <CorrectionsBar />
            <Button kind="quiet" size="sm" className="max-sm:h-10 max-sm:min-w-10 lg:hidden" aria-expanded={isSideOpen} aria-controls="side" onClick={onSide}>
              <PanelRight aria-hidden />
              <span className="max-sm:sr-only">{t("side")}</span>
            </Button>
          </div>
        </>
      )}
    </div>
  );
}
