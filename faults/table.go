package faults

// table is every kind of fault, by stage. Each stands in a file of its own.
func table() []Kind {
	return []Kind{
		connectRefuse(), connectBlackhole(),
		acceptClose(), acceptReset(), acceptSilent(), acceptLimit(),
		tlsStall(), tlsAlert(), tlsExpired(), tlsWrongHost(), tlsUnknownCA(), tlsOldVersion(),
		lineCut(), lineIdleCut(), lineClose(), lineReset(), lineStopReading(),
		requestDrop(), requestHold(), requestMisroute(),
		replyDrop(), replyDelay(), replyDuplicate(), replyReorder(), replyCross(), replyStale(), replyUnsolicited(),
		frameLength(), frameTruncate(), frameSplit(), frameDrip(), frameCoalesce(), frameGarbage(), frameHTTP(),
		frameCorrupt(), frameTPDU(), frameHeader(),
		messageMTI(), messageField(), messageBitmap(), messageMAC(), messageARPC(), messageCode(),
	}
}

// base is what all faults have.
type base struct {
	kind  string
	stage Stage
}

func (b base) Kind() string  { return b.kind }
func (b base) Stage() Stage  { return b.stage }
func (b base) claims() claim { return claim{} }

// within is the parameter of faults that wait for a partner.
var within = Param{Name: "within", Type: TypeDuration, Default: "1 timeout", Doc: Text{
	"how long to wait for the partner; then the journal says that it never came",
	"等待另一方的时限；超时则记入日志"}}

// unreadFor is the parameter of faults that do not read from a connection.
var unreadFor = Param{Name: "for", Type: TypeDuration, Default: "3 timeouts", Doc: Text{
	"how long a connection that is never read is held before it is reset: behind a full window nobody sees that the terminal has gone",
	"不读取的连接保留多久后复位：窗口已满时，无法察觉终端已离开"}}

// heldFor is the parameter of faults that cut a line.
var heldFor = Param{Name: "for", Type: TypeDuration, Default: "3 timeouts", Doc: Text{
	"how long the dead connection is held, so that nothing tells the terminal that it is gone",
	"断线后保留连接的时长，期间终端得不到任何通知"}}
