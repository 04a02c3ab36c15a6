"use client";

export function WelcomePage() {
  return <div className="p-8">WelcomePage</div>;
}
