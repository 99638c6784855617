// Echo is a WebRTC peer on Pion for the interop tests: it sends every RTP packet that it receives back on a track of its
// own and passes keyframe requests on. Descriptions travel as JSON lines: {"offer": …} or {"answer": …} on standard input
// and output. With -offer it makes the first description; with -rsa its certificate is RSA; with -turn, -username and
// -credential it goes by that TURN server and no other way.
package main

import (
	"bufio"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"flag"
	"log"
	"os"
	"sync/atomic"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc"
)

type line struct {
	Offer  string `json:"offer,omitempty"`
	Answer string `json:"answer,omitempty"`
}

// echo is one track that is sent back; ssrc is where its packets come from.
type echo struct {
	track *webrtc.TrackLocalStaticRTP
	ssrc  uint32
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func connection(useRSA bool, turn webrtc.ICEServer) *webrtc.PeerConnection {
	configuration := webrtc.Configuration{}
	if turn.URLs[0] != "" {
		configuration.ICEServers = []webrtc.ICEServer{turn}
		configuration.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	if useRSA {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		check(err)
		certificate, err := webrtc.GenerateCertificate(key)
		check(err)
		configuration.Certificates = []webrtc.Certificate{*certificate}
	}
	peer, err := webrtc.NewPeerConnection(configuration)
	check(err)
	return peer
}

func addEcho(peer *webrtc.PeerConnection, kind string, capability webrtc.RTPCodecCapability) *echo {
	track, err := webrtc.NewTrackLocalStaticRTP(capability, kind, "echo")
	check(err)
	result := &echo{track: track}
	transceiver, err := peer.AddTransceiverFromTrack(
		track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	check(err)
	go result.passOnRequests(peer, transceiver.Sender())
	return result
}

// passOnRequests turns keyframe requests for the echo into ones for its origin.
func (e *echo) passOnRequests(peer *webrtc.PeerConnection, sender *webrtc.RTPSender) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, packet := range packets {
			ssrc := atomic.LoadUint32(&e.ssrc)
			if _, ok := packet.(*rtcp.PictureLossIndication); ok && ssrc != 0 {
				_ = peer.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: ssrc}})
			}
		}
	}
}

func (e *echo) run(remote *webrtc.TrackRemote) {
	atomic.StoreUint32(&e.ssrc, uint32(remote.SSRC()))
	for {
		packet, _, err := remote.ReadRTP()
		if err != nil {
			return
		}
		packet.Header.Extension = false
		packet.Header.Extensions = nil
		_ = e.track.WriteRTP(packet)
	}
}

func main() {
	offers := flag.Bool("offer", false, "make the first description")
	useRSA := flag.Bool("rsa", false, "use an RSA certificate")
	turn := flag.String("turn", "", "URL of a TURN server")
	username := flag.String("username", "", "for the TURN server")
	credential := flag.String("credential", "", "for the TURN server")
	flag.Parse()
	peer := connection(*useRSA, webrtc.ICEServer{URLs: []string{*turn}, Username: *username, Credential: *credential})
	audio := addEcho(peer, "audio", webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2})
	video := addEcho(peer, "video", webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeH264, ClockRate: 90000,
		SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
	})
	peer.OnTrack(func(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		if remote.Kind() == webrtc.RTPCodecTypeAudio {
			audio.run(remote)
		} else {
			video.run(remote)
		}
	})
	output := json.NewEncoder(os.Stdout)
	gathered := webrtc.GatheringCompletePromise(peer)
	if *offers {
		for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
			_, err := peer.AddTransceiverFromKind(
				kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
			check(err)
		}
		offer, err := peer.CreateOffer(nil)
		check(err)
		check(peer.SetLocalDescription(offer))
		<-gathered
		check(output.Encode(line{Offer: peer.LocalDescription().SDP}))
	}
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<20)
	for input.Scan() {
		var message line
		check(json.Unmarshal(input.Bytes(), &message))
		if message.Answer != "" {
			check(peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: message.Answer}))
			continue
		}
		check(peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: message.Offer}))
		answer, err := peer.CreateAnswer(nil)
		check(err)
		check(peer.SetLocalDescription(answer))
		<-gathered
		check(output.Encode(line{Answer: peer.LocalDescription().SDP}))
	}
	check(peer.Close())
}
