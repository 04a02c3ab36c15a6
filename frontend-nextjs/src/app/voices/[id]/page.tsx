import { PersonPage } from "@/features/voices/PersonPage";

/** One file for all people: the page reads the id from its address. */
export function generateStaticParams() {
  return [{ id: "_" }];
}

export default function Page() {
  return <PersonPage />;
}
