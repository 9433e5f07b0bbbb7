// The flows of a Go program that shares no code with us: golang.org/x/oauth2 and go-oidc, as they
// come. It says each flow that it has completed, one a line; what fails ends it.
package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

func main() {
	log.SetFlags(0)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	provider, err := oidc.NewProvider(ctx, os.Getenv("ISSUER"))
	must(err, "discovery")
	config := &oauth2.Config{
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: os.Getenv("CLIENT_SECRET"),
		Endpoint:     provider.Endpoint(),
		RedirectURL:  os.Getenv("REDIRECT_URI"),
		Scopes:       []string{oidc.ScopeOpenID, "profile", "orders:read"},
	}
	fmt.Println("discovery")

	token := codeFlow(ctx, provider, config)
	userInfo, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	must(err, "userinfo")
	if userInfo.Subject != os.Getenv("SUBJECT") {
		log.Fatalf("userinfo of %s", userInfo.Subject)
	}
	fmt.Println("userinfo")

	refreshed, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
	must(err, "refresh")
	if refreshed.RefreshToken == token.RefreshToken || refreshed.AccessToken == token.AccessToken {
		log.Fatal("the refresh gave nothing new")
	}
	fmt.Println("refresh")

	service := clientcredentials.Config{
		ClientID:     config.ClientID,
		ClientSecret: config.ClientSecret,
		TokenURL:     config.Endpoint.TokenURL,
		Scopes:       []string{"orders:read"},
	}
	_, err = service.Token(ctx)
	must(err, "client credentials")
	fmt.Println("client credentials")

	// x/oauth2 knows devices as public clients only.
	telly := &oauth2.Config{
		ClientID: os.Getenv("PUBLIC_CLIENT_ID"),
		Endpoint: provider.Endpoint(),
		Scopes:   []string{oidc.ScopeOpenID, "orders:read"},
	}
	telly.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	device, err := telly.DeviceAuth(ctx)
	must(err, "device authorization")
	fmt.Println("user code " + device.UserCode)
	_, err = telly.DeviceAccessToken(ctx, device)
	must(err, "device token")
	fmt.Println("device flow")
}

func codeFlow(ctx context.Context, provider *oidc.Provider, config *oauth2.Config) *oauth2.Token {
	verifier, state, nonce := oauth2.GenerateVerifier(), random(), random()
	address := config.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier))
	back := follow(ctx, address)
	if back.Get("state") != state {
		log.Fatal("another state: " + back.Encode())
	}
	_, err := config.Exchange(ctx, back.Get("code"), oauth2.VerifierOption(oauth2.GenerateVerifier()))
	if err == nil {
		log.Fatal("a wrong verifier was taken")
	}
	token, err := config.Exchange(ctx, back.Get("code"), oauth2.VerifierOption(verifier))
	must(err, "exchange")
	text, ok := token.Extra("id_token").(string)
	if !ok {
		log.Fatal("no ID token")
	}
	idToken, err := provider.Verifier(&oidc.Config{ClientID: config.ClientID}).Verify(ctx, text)
	must(err, "ID token")
	if idToken.Nonce != nonce || idToken.Subject != os.Getenv("SUBJECT") {
		log.Fatal("an ID token of something else")
	}
	fmt.Println("code flow")
	return token
}

// follow asks as a browser in which somebody is logged in.
func follow(ctx context.Context, address string) url.Values {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	must(err, "request")
	request.AddCookie(&http.Cookie{Name: "ledgate", Value: os.Getenv("SESSION")})
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	answer, err := client.Do(request)
	must(err, "authorization request")
	defer answer.Body.Close()
	location, err := answer.Location()
	must(err, "redirect")
	return location.Query()
}

func random() string {
	bytes := make([]byte, 16)
	_, err := rand.Read(bytes)
	must(err, "random")
	return base64.RawURLEncoding.EncodeToString(bytes)
}

func must(err error, what string) {
	if err != nil {
		log.Fatalf("%s: %v", what, err)
	}
}
