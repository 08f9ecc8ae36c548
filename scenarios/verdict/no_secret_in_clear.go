package verdict

import (
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

var noSecretInClear = Rule{
	Name:  "no-secret-in-clear",
	Fails: world.Bilingual{EN: "A clear PIN, or a track where the profile forbids it, is seen on the wire.", ZH: "线路上出现明文PIN，或配置禁止的明文磁道数据。"},
	Why:   world.Bilingual{EN: "Whoever listens can copy the card and use it.", ZH: "窃听者可以复制并盗用卡片。"},
	Needs: Wire,
	judge: judgeNoSecretInClear,
}

func judgeNoSecretInClear(s *story) finding {
	var t tally
	secure := map[string]bool{}
	for i := range s.events {
		if e := &s.events[i]; e.Kind == transcript.Listening {
			secure[e.Listener] = e.TLS
		}
	}
	for _, x := range s.exchanges {
		if !x.req.Type.Financial() {
			continue
		}
		for _, secret := range x.req.Secrets {
			switch {
			case secret.Kind == "pin":
				t.failed(world.Say("%s carries a clear PIN in DE %d; a PIN leaves a terminal only encrypted, TLS or not",
					"%s的域 %d 带有明文PIN；无论是否使用TLS，PIN离开终端时必须加密", x.name(), secret.Field), x.req.Seq)
			case secret.Kind == "track" && !s.p.TrackInClear && !secure[x.req.Listener]:
				t.failed(world.Say("%s carries track data in clear in DE %d; profile %s wants it encrypted, because whoever listens can copy the card",
					"%s的域 %d 带有明文磁道数据；终端规范 %s 要求加密，因为窃听者可以复制卡片", x.name(), secret.Field, s.p.Name), x.req.Seq)
			}
		}
		t.passed(world.Say("no track that the profile forbids was seen in clear; whether a PIN block is encrypted was not recorded", "没有出现配置禁止的明文磁道数据；PIN块是否加密未作记录"), x.req.Seq)
	}
	return t.finding(world.Say("there was no financial request", "没有金融交易请求"))
}
