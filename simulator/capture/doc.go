// Package capture turns transcripts into packet captures, and packet captures
// into messages.
//
// [Export] writes a transcript as a capture that Wireshark and tcpdump open: a
// TCP stream for each connection, with the masked frames as payload.
//
// [Read] goes the other way: it reads a capture of pcap or pcapng, puts the TCP
// streams together again, and cuts them into the frames of the dialects that it
// is given. What is no frame is skipped and told, never guessed.
//
// Both work in bounded memory, whatever the length of the file. Formats and
// packets are read and written by github.com/gopacket/gopacket, in Go alone.
package capture
