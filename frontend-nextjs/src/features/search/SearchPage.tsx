"use client";

export function SearchPage() {
  return <div className="p-8">SearchPage</div>;
}
