#!/usr/bin/env -S pwsh -NoLogo -NoProfile -NonInteractive -File
# A person at the sign-in pages: enters the name, the password and the code of the authenticator, and follows the way back.
param([Parameter(Mandatory)] [uri] $Address)
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$query = [System.Web.HttpUtility]::ParseQueryString($Address.Query)
# Who is signed in at this machine, whatever the program asks for.
$other = if ($env:EXO_LAB_PERSON -and (Test-Path $env:EXO_LAB_PERSON)) { Get-Content $env:EXO_LAB_PERSON }
$user = if ($other) { $other } elseif ($query['login_hint']) { $query['login_hint'] } else { $env:EXO_LAB_USER }
$web = @{ Proxy = $env:EXO_LAB_PROXY }

# A form's hidden fields and where it goes.
function Read-Form([string] $Html) {
    $fields = @{}
    foreach ($input in [regex]::Matches($Html, '<input[^>]*>').Value) {
        $name = [regex]::Match($input, 'name="?([^"\s>]+)').Groups[1].Value
        $value = [regex]::Match($input, 'value="?([^"\s>]*)').Groups[1].Value
        if ($name) { $fields[$name] = [System.Net.WebUtility]::HtmlDecode($value) }
    }
    $action = [regex]::Match($Html, '<form[^>]*action="?([^"\s>]+)').Groups[1].Value
    @{ Fields = $fields; Action = [uri]::new($Address, [System.Net.WebUtility]::HtmlDecode($action)) }
}

$page = Invoke-WebRequest $Address @web -SessionVariable browser
$form = Read-Form $page.Content
$form.Fields['loginfmt'] = $user
$form.Fields['passwd'] = $env:EXO_LAB_PASSWORD
$page = Invoke-WebRequest $form.Action @web -Method Post -Body $form.Fields -WebSession $browser
$form = Read-Form $page.Content
$form.Fields['otc'] = $env:EXO_LAB_SECOND_FACTOR
$page = Invoke-WebRequest $form.Action @web -Method Post -Body $form.Fields -WebSession $browser -MaximumRedirection 0 -AllowInsecureRedirect -SkipHttpErrorCheck -ErrorAction SilentlyContinue
# Back to the program that waits on this machine.
$null = Invoke-WebRequest $page.Headers.Location[0] -NoProxy -SkipHttpErrorCheck
