// Package security is a software HSM for a simulated acquirer: DES keys and
// their check values, UnionPay's working-key download, DUKPT (ANSI X9.24-1),
// message authentication codes, ISO 9564 PIN blocks, and the cryptograms of chip
// cards.
//
// Secrets stay inside their types. [Key], [AESKey], [TransactionKey], [Chip] and
// [PIN] print, format, marshal and log as a description (a key as its check
// value, a PIN as asterisks) under every verb and handler, also as unexported
// fields of other structs; no error names a key, PIN or PAN digit. The only way out is
// [Key.RevealHex], for the command that prints keys to be typed into a
// terminal.
//
// It simulates: its default keys are public and its working keys derive from a
// seed, so that a run can be repeated. Never protect real cards with it.
//
// Everything here is safe for concurrent use, does no I/O and reads no clock.
package security
