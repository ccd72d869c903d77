//go:build check

package stack_test

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"jixu/internal/journey"
	"jixu/internal/local"
	"jixu/internal/sample"
	"jixu/internal/stack"
)

const item = "description"

// The whole house with a real scanner that finds, leaves and comes back.
func TestNothingIsOpenedBeforeTheScannerHasSpoken(t *testing.T) {
	address, leave := stack.Clamd(t, "")
	h := open(t)
	h.stack.Change(t, stack.Options{Override: map[string]string{"ScannerAddress": address}})
	lin := h.signIn("hospital", "lin-zhi")
	path, err := journey.CreateDraft(h.ctx, lin)
	h.must(err)
	id := path[strings.LastIndex(path, "/")+1:]
	pdf := sample.PDF(1, "说明书", 1, 0)

	// send uploads data, and says what the page says of it and whether it opens.
	send := func(data []byte) (fid, state, text string, opens bool) {
		h.must(removeFile(h.ctx, lin, path, item))
		fid, err := journey.SendFile(h.ctx, lin, path, item, "a.pdf", data)
		h.must(err)
		state, text, opens = look(h, lin, path, fid)
		return fid, state, text, opens
	}
	fid, err := journey.SendFile(h.ctx, lin, path, item, "a.pdf", pdf)
	h.must(err)
	if state, text, opens := look(h, lin, path, fid); state != "checked" || !opens || strings.Contains(text, "未配置") {
		t.Errorf("a clean file: got %s %q, opens %t, want it checked and scanned", state, text, opens)
	}
	bad := bytes.Replace(pdf, []byte("%%EOF"), append([]byte("%"), append(stack.Harmful, "\n%%EOF"...)...), 1)
	if _, state, text, opens := send(bad); state != "rejected" || opens || !strings.Contains(text, "恶意") {
		t.Errorf("an infected file: got %s %q, opens %t, want it rejected", state, text, opens)
	}

	leave()
	fid, state, text, opens := send(pdf)
	if state != "unscanned" || opens || !strings.Contains(text, "等待安全扫描") || !strings.Contains(text, "自动重试") {
		t.Errorf("while the scanner is away: got %s %q, opens %t, want it to wait and to say so", state, text, opens)
	}
	stack.Clamd(t, address)
	stood, err := h.stack.Environment().Store().Offset(h.ctx)
	h.must(err)
	t.Cleanup(func() {
		if err := h.stack.Environment().Store().SetOffset(context.Background(), stood); err != nil {
			t.Error(err)
		}
	})
	_, err = local.MoveClock(h.ctx, h.stack.Environment(), 10*time.Minute)
	h.must(err)
	h.must(h.stack.Invoke(h.ctx, "check-file", []byte("{}"))) // as the schedule does
	if state, text, opens := look(h, lin, path, fid); state != "checked" || !opens {
		t.Errorf("after it came back: got %s %q, opens %t, want it checked", state, text, opens)
	}
	if f, _ := h.record(id).File(fid); f.Scan != "scanned" {
		t.Errorf("got %+v, want it marked as scanned", f)
	}
}

func look(h house, b *journey.Browser, path, fid string) (state, text string, opens bool) {
	state, err := journey.WaitFile(h.ctx, b, path+"/items/"+item, fid)
	h.must(err)
	page, err := b.Get(h.ctx, path+"/items/"+item)
	h.must(err)
	answer, err := b.Post(h.ctx, path+"/files/"+fid+"/open", url.Values{"op": {"open-a-file-0001"}})
	h.must(err)
	return state, page.Text(`[data-file="` + fid + `"]`), answer.Status == http.StatusOK
}
