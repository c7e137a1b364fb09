#!/usr/bin/env -S pwsh -NoLogo -NoProfile -NonInteractive -File
# A person at the sign-in pages: enters the name, the password and the code of the authenticator, and follows the way back.
param([Parameter(Mandatory)] [uri] $Address)
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$query = [System.Web.HttpUtility]::ParseQueryString($Address.Query)
$user = if ($env:EXO_LAB_TYPED_USER) { $env:EXO_LAB_TYPED_USER } elseif ($query['login_hint']) { $query['login_hint'] } else { $env:EXO_LAB_USER }
$origin = $Address.GetLeftPart('Authority')

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

$page = Invoke-WebRequest $Address -SessionVariable browser
$form = Read-Form $page.Content
$form.Fields['loginfmt'] = $user
$form.Fields['passwd'] = if ($env:EXO_LAB_TYPED_PASSWORD) { $env:EXO_LAB_TYPED_PASSWORD } else { $env:EXO_LAB_PASSWORD }
$page = Invoke-WebRequest $form.Action -Method Post -Body $form.Fields -WebSession $browser
$form = Read-Form $page.Content
$form.Fields['otc'] = $env:EXO_LAB_SECOND_FACTOR
# The last answer leads to the program that waits on this machine.
$null = Invoke-WebRequest $form.Action -Method Post -Body $form.Fields -WebSession $browser
