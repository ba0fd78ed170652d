/** What is done to records and to the rows that go with them. */
import type { Condition, Field, Scalar } from './condition.ts';

/** A column in a template: the whole of it, or its characters (code points) from the first to the last, counted from 1. */
export type Piece = Field & { readonly characters?: readonly [first: number, last: number] };

/** Text with the values of columns in it. A column that stands there in pieces stands there as a whole, too. */
export type Template = readonly (string | Piece)[];

/** What a pattern of `redact` finds: a known kind of text, or an expression in RE2 syntax. */
export type Redaction =
  | { readonly named: 'email' | 'phone' | 'ip address' | 'cpr' | 'personnummer' }
  | { readonly matching: string };

/** What a column becomes when a row is anonymised. NULL stays NULL but for `constant` and `placeholder`. */
export type Replacement =
  | { readonly kind: 'constant'; readonly value: Scalar }
  /** Text with `{key}` in it: unique because the key is. */
  | { readonly kind: 'placeholder'; readonly template: string }
  /** The first characters (code points) of a text. */
  | { readonly kind: 'keep first'; readonly characters: number }
  /** A date or moment becomes the first day of its year, month or decade (2020 for 2020–2029), at midnight as stored. */
  | { readonly kind: 'generalise'; readonly to: 'year' | 'month' | 'decade' }
  /** A number becomes the largest multiple of `to` (above 0) that is not above it. */
  | { readonly kind: 'round'; readonly to: number }
  /** An e-mail address keeps what follows its last `@`; before it stands `local`, with `{key}` in it. Without an `@`: `local` alone. */
  | { readonly kind: 'keep domain'; readonly local: string }
  /** What the patterns find in the text is replaced by `with`. */
  | { readonly kind: 'redact'; readonly patterns: readonly Redaction[]; readonly with: string }
  /** The JSON member at `path` is removed; only for fields with a path. */
  | { readonly kind: 'remove' };

export type Replacements = readonly (Field & { readonly with: Replacement })[];

export type Action = { readonly kind: 'delete' } | { readonly kind: 'anonymise'; readonly set: Replacements };

/** Files that a row names, unlinked with it. One that is missing is no error. */
export interface Files {
  /** An absolute folder, or `s3://bucket/prefix`. Nothing outside it is touched. */
  readonly root: string;
  /** Path below the root, made of columns of the row; a row where one of them is NULL or empty names no file. */
  readonly path: Template;
}

interface DependentBase {
  readonly related: string;
  /** Only these of the related rows. */
  readonly where?: Condition;
}

/** What happens to related rows before their root, in this order. */
export type Dependent = DependentBase &
  (
    | {
        readonly kind: 'delete';
        readonly files?: Files;
        /**
         * Shared rows: a row stays where an owner is left once the records of the batch, their links included, are gone.
         * Each name is that of related rows: those that this one is `of`, or ones that are `of` this one. Any row of such
         * a table that fits scope, `where` and match is an owner, whosever it is.
         */
        readonly unlessOwned?: readonly string[];
      }
    | { readonly kind: 'anonymise'; readonly set: Replacements; readonly files?: Files }
    /** Sets the referring columns to NULL, or to what means "none"; of several matches, those of the matches that are met. */
    | { readonly kind: 'detach'; readonly to?: Exclude<Scalar, null> }
    /** Declared to stay, and proven untouched. */
    | { readonly kind: 'keep' }
  );
