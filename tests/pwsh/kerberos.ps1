# Sessions with a server inside a domain, as its guide opens them: with Kerberos tickets, over plain http and over https.
. "$PSScriptRoot/common.ps1"
Import-Module ExchangeOnlineManagement
$UserCredential = Get-LabCredential 'admin'
$Secure = "$(([uri]$env:EXO_LAB_URL).GetLeftPart('Authority'))/powershell/"

# The first line of the guide for Exchange servers, with the lab's address.
function New-DomainSession([hashtable] $With = @{}) {
    $parameters = @{ ConfigurationName = 'Microsoft.Exchange'; ConnectionUri = $env:EXO_LAB_HTTP_URL; Authentication = 'Kerberos' }
    foreach ($name in $With.Keys) { $parameters[$name] = $With[$name] }
    New-PSSession @parameters
}

Check 'a password becomes a ticket, and the commands of the server come' {
    $Session = New-DomainSession @{ Credential = $UserCredential }
    Import-PSSession $Session -CommandName Get-Mailbox, Set-Mailbox -DisableNameChecking -AllowClobber
    Assert-True (20 -lt @(Get-Mailbox).Count) 'mailboxes'
    Set-Mailbox user00001 -CustomAttribute1 'with a ticket' -Confirm:$false
    Assert-Equal (Get-Mailbox user00001).CustomAttribute1 'with a ticket'
    Remove-PSSession $Session
}

Check 'https takes tickets too' {
    foreach ($way in 'Kerberos', 'Negotiate') {
        $Session = New-DomainSession @{ Credential = $UserCredential; ConnectionUri = $Secure; Authentication = $way }
        Assert-Equal @(Invoke-Command $Session { Get-Mailbox user00002 }).Count 1
        Remove-PSSession $Session
    }
}

Check 'without a ticket one sentence says what to do' {
    foreach ($case in @{ With = @{}; Text = '*there is no Kerberos credential*kinit*' },
        @{ With = @{ Credential = Get-LabCredential 'admin' 'wrong' }; Text = '*there is no Kerberos credential*check the password*' },
        @{ With = @{ Credential = $UserCredential; SessionOption = New-PSSessionOption -IncludePortInSPN }; Text = '*HTTP/localhost:*not found in Kerberos database*' }) {
        Assert-Like "$(Get-Failure { New-DomainSession ($case.With + @{ ErrorAction = 'Stop' }) })" $case.Text
    }
    Assert-Equal @(Get-PSSession).Count 0
}

Check 'a ticket that kinit got is used, and an http address needs no word about it' {
    $env:EXO_LAB_PASSWORD | kinit admin > $null
    foreach ($with in @{}, @{ Authentication = 'Default' }, @{ Authentication = 'NegotiateWithImplicitCredential' }) {
        $Session = New-DomainSession $with
        Assert-Equal @(Invoke-Command $Session { Get-Mailbox user00003 }).Count 1
        Remove-PSSession $Session
    }
}

Complete
