"use client";

export function PersonPage() {
  return <div className="p-8">PersonPage</div>;
}
