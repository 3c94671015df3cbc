package elastic

import "net/http"

// class is what an HTTP status means for the documents it is about.
type class uint8

const (
	classDone       class = iota // written
	classDuplicate               // was there already: as good as written
	classOverloaded              // not now: again after a back-off
	classForbidden               // credentials or rights are missing: again after someone has mended that
	classMissing                 // no data stream: again after the templates have been looked at
	classTooLarge                // the request is too large: again in halves
	classMalformed               // the server does not understand the request: again a few times
	classRejected                // the server will never take the document
	classUnexpected              // not the answer of a bulk API: again after a long back-off
)

// classify gives the class of a status: of an item in a bulk answer, or of a
// whole request. It is the one place that decides.
//
// 403 of an item means missing rights on the index or a write block, and 404 a
// missing data stream (the request asks for one to exist). Both are mended by
// the operator or by the template check, so they do not cost documents.
func classify(status int, item bool) class {
	switch {
	case status >= 200 && status < 300:
		return classDone
	case status == http.StatusTooManyRequests || status >= 500 && status < 600:
		return classOverloaded
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return classForbidden
	case item && status == http.StatusConflict:
		return classDuplicate
	case item && status == http.StatusNotFound:
		return classMissing
	case item && status >= 400 && status < 500:
		return classRejected
	case status == http.StatusRequestEntityTooLarge:
		return classTooLarge
	case status == http.StatusBadRequest:
		return classMalformed
	}
	return classUnexpected
}

// uncertain reports whether documents may have been written although the
// request's status says otherwise: a proxy gave up on a server that works on.
func uncertain(status int) bool {
	return status == http.StatusInternalServerError || status == http.StatusBadGateway || status == http.StatusGatewayTimeout
}
