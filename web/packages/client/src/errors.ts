// A refusal by the server (RFC 9457 problem+json) or by the network, said in words a person can act on.
import type { Reason, SearchCriteria } from './types';

interface Problem {
  title?: string;
  detail?: string;
  code?: string;
  status?: number;
  permission?: string;
  /** Where a policy refused: why, and what would make it lawful. */
  why?: string;
  lawful_if?: string;
  can_ask?: boolean;
  can_override?: boolean;
  /** Of a search that was opened again: what it asks, and why it was made. */
  criteria?: Partial<SearchCriteria>;
  reason?: Reason;
  retry_after_s?: number;
  [extra: string]: unknown;
}

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly problem: Problem;

  constructor(status: number, problem: Problem) {
    super(sentence(status, problem));
    this.name = 'ApiError';
    this.status = status;
    this.code = problem.code ?? (status === 0 ? 'unreachable' : 'unknown');
    this.problem = problem;
  }
}

function sentence(status: number, problem: Problem): string {
  const said = [problem.detail, problem.title].find((text) => typeof text === 'string' && text.trim() !== '');
  if (status === 0) return 'The platform cannot be reached. Check the network; nothing you did was saved.';
  if (status === 401) return said ?? 'You are signed out. Sign in again to go on.';
  if (status === 403 && problem.code && problem.code !== 'forbidden') return said ?? 'This is refused.';
  if (status === 403) return `Your role does not allow this. ${said ?? ''} Ask a supervisor or an administrator if your work needs it.`.replace(/\s+/g, ' ');
  if (status === 404) return said ?? 'There is nothing here, or nothing that you may see.';
  if (status === 429) return said ?? 'Too many requests. Wait a moment and try again.';
  if (status >= 500) return `The platform failed to answer (${said ?? status}). It has recorded the failure; try again, and tell Force ICT if it persists.`;
  return said ?? `The platform refused this (${status}).`;
}

/** Any thrown value as one sentence for the person at the screen. */
export function inWords(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  if (error instanceof Error) return error.message;
  return 'Something went wrong that the console has no words for.';
}
