"""msal, Microsoft's sign-in library, as the client of an authority: what it got, as one line of JSON.

    msal_client.py < REQUEST

REQUEST is JSON: {"authority", "tenant_authority", "ca_file", "client_id", "scope", "resource", "user", "password",
"second_factor", "rest_url", "grants": [{"grant", …}…]}. Each grant is signed in with by an application of its own;
a person at a browser is played with the pages' own forms.
"""

import html.parser
import json
import os
import sys
import urllib.parse

import jwt
import msal
import requests

REDIRECT = "http://localhost:49153"


class Form(html.parser.HTMLParser):
    """The first form of a page: where it goes and what is in it."""

    def __init__(self, text):
        super().__init__()
        self.action, self.fields = None, {}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form" and self.action is None:
            self.action = attributes["action"]
        if tag == "input":
            self.fields[attributes["name"]] = attributes.get("value", "")


class Http(requests.Session):
    """msal asks for the realm of a user at the authority's host and forgets the port."""

    def __init__(self, origin):
        super().__init__()
        self.origin = origin

    def request(self, method, url, *arguments, **more):
        parts = urllib.parse.urlsplit(url)
        if parts.port is None and parts.hostname == urllib.parse.urlsplit(self.origin).hostname:
            url = self.origin + url.removeprefix(f"{parts.scheme}://{parts.netloc}")
        return super().request(method, url, *arguments, **more)


class Lab:
    def __init__(self, request):
        self.__dict__.update(request)
        self.http = self.session(Http(self.rest_url))

    def session(self, session):
        """Trusts the lab, whatever the environment says."""
        session.verify, session.trust_env = self.ca_file, False
        return session

    def public(self):
        return msal.PublicClientApplication(
            self.client_id, authority=self.authority, instance_discovery=False, http_client=self.http,
            client_capabilities=["CP1"])

    def confidential(self, client_id, credential):
        return msal.ConfidentialClientApplication(
            client_id, authority=self.tenant_authority, instance_discovery=False, http_client=self.http,
            client_credential=credential)

    def person(self, page):
        """Fills in the pages from the first one on; the answer to the last form."""
        for values in ({"loginfmt": self.user, "passwd": self.password}, {"otc": self.second_factor}):
            page.raise_for_status()
            form = Form(page.text)
            page = self.browser.post(
                urllib.parse.urljoin(page.url, form.action), {**form.fields, **values}, allow_redirects=False)
        return page

    def auth_code(self, response_mode="query"):
        self.browser = self.session(requests.Session())
        app = self.public()
        flow = app.initiate_auth_code_flow(
            [self.scope], redirect_uri=REDIRECT, login_hint=self.user, prompt="select_account",
            response_mode=response_mode)
        last = self.person(self.browser.get(flow["auth_uri"]))
        if response_mode == "form_post":
            form = Form(last.text)
            assert form.action == REDIRECT, form.action
            answer = form.fields
        else:
            answer = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(last.headers["Location"]).query))
        return app, app.acquire_token_by_auth_code_flow(flow, answer)

    def device_code(self):
        self.browser = self.session(requests.Session())
        app = self.public()
        flow = app.initiate_device_flow([self.scope])
        page = self.browser.get(flow["verification_uri"])
        form = Form(page.text)
        page = self.browser.post(
            urllib.parse.urljoin(page.url, form.action), {**form.fields, "user_code": flow["user_code"]})
        self.person(page).raise_for_status()
        return app, app.acquire_token_by_device_flow(flow)

    def password_grant(self, user, password):
        app = self.public()
        return app, app.acquire_token_by_username_password(user, password, [self.scope])

    def refresh(self, claims=None):
        """A new token by the refresh token of a first sign-in, twice, since each is good once."""
        app, result = self.password_grant(self.user, self.password)
        for _ in range(2):
            account, = app.get_accounts()
            more = {"claims_challenge": claims} if claims else {"force_refresh": True}
            again = app.acquire_token_silent_with_error([self.scope], account, **more)
            assert again["access_token"] != result["access_token"], "the same token again"
            result = again
        return app, result

    def certificate(self, client_id, credential):
        app = self.confidential(client_id, credential)
        return app, app.acquire_token_for_client([self.scope])

    def managed_identity(self, environment, client_id=None, arc_folder=None):
        os.environ.update(environment)
        if arc_folder:
            msal.managed_identity._supported_arc_platforms_and_their_prefixes[sys.platform] = arc_folder
        identity = (msal.UserAssignedManagedIdentity(client_id=client_id) if client_id
                    else msal.SystemAssignedManagedIdentity())
        client = msal.ManagedIdentityClient(identity, http_client=self.http)
        try:
            return None, client.acquire_token_for_client(resource=self.resource)
        finally:
            for name in environment:
                del os.environ[name]

    def claims(self, token, audience):
        """What is in a token whose signature is that of the published keys."""
        keys = self.http.get(f"{self.authority}/v2.0/.well-known/openid-configuration").json()["jwks_uri"]
        keys = {key["kid"]: jwt.PyJWK(key) for key in self.http.get(keys).json()["keys"]}
        key = keys[jwt.get_unverified_header(token)["kid"]]
        return jwt.decode(token, key=key, algorithms=["RS256"], audience=audience)

    def report(self, grant):
        arguments = {name: value for name, value in grant.items() if name != "grant"}
        app, result = getattr(self, grant["grant"])(**arguments)
        if "error" in result:
            return {name: result.get(name) for name in
                    ("error", "error_codes", "error_description", "suberror", "correlation_id", "claims")}
        token = result["access_token"]
        trimmed = self.resource.rstrip("/")
        claims = self.claims(token, [trimmed, trimmed + "/"])
        tenant = urllib.parse.quote(claims["tid"])
        answer = self.http.get(
            f"{self.rest_url}/adminapi/beta/{tenant}/EXOModuleFile?Version=3.9.0",
            headers={"Authorization": f"Bearer {token}"}, allow_redirects=False)
        seen = {"status": answer.status_code, "claims": claims}
        if "id_token" in result:
            seen["id_claims"] = self.claims(result["id_token"], self.client_id)
            seen["username"] = app.get_accounts()[0]["username"]
        return seen


def main():
    request = json.load(sys.stdin)
    grants = request.pop("grants")
    lab = Lab(request)
    json.dump([lab.report(grant) for grant in grants], sys.stdout)


if __name__ == "__main__":
    main()
