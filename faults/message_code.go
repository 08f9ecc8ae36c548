package faults

func messageCode() Kind {
	return Kind{
		Name: "message.code", Stages: []Stage{Replying},
		Params: []Param{{Name: "code", Type: TypeCode, Required: true, Doc: Text{
			"the response code (DE 39) of the reply", "应答码（39 域）"}}},
		Scalar: "code",
		Does: Text{
			"The reply has this response code, whatever the host decided. What it posted stands, and the transcript says that the two differ.",
			"应答使用此应答码，与主机决定无关；账务保持不变，日志会记录两者不一致。"},
		Meets: Text{
			"A reply that says something else than what happened.",
			"应答所述与实际处理结果不同。"},
		Example: "- match: {type: sale}\n  fault: {message.code: \"96\"}\n",
		New: func(v Values) (Fault, error) {
			return editField{base{"message.code", Replying}, FieldEdit{Field: 39, Op: SetField, Value: v.Text("code")}}, nil
		},
	}
}
