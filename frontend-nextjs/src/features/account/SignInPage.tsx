"use client";

export function SignInPage() {
  return <div className="p-8">SignInPage</div>;
}
